//! What a load's own requests say, once the checks of its clause have passed.

use super::verdicts::{fail, inconclusive};
use crate::model::{Clause, Measured, Slot, Verdict, VerdictKind};
use seatrial_observation::Observation;

/// The verdict of the checks, and of the requests behind them.
pub(super) fn beside(verdict: Verdict, slot: &Slot, clause: &Clause, observation: &Observation) -> Verdict {
    let Some(load) = clause.load().filter(|_| verdict.kind == VerdictKind::Pass) else { return verdict };
    let Some(seen) = &observation.actions.load else {
        return inconclusive(slot, "load", "the load was not seen");
    };
    if let Some(error) = &seen.error {
        return inconclusive(slot, "load", format!("the load could not be made: {error}"));
    }
    if seen.sent == 0 {
        return inconclusive(slot, "load", "not one request of the load was sent");
    }
    let failed: u64 = seen.failures.values().sum();
    let limit = load.failures;
    let count = Measured {
        what: "failed requests of the load".to_owned(),
        value: failed as f64,
        limit: limit.map(|limit| limit as f64),
        unit: String::new(),
        n: seen.sent,
    };
    let measured = verdict.measured.iter().cloned().chain([count]).collect();
    match limit {
        Some(limit) if failed > limit => {
            let ways: Vec<String> = seen.failures.iter().map(|(words, count)| format!("{words} ({count})")).collect();
            let message = format!(
                "expected at most {limit} failed requests of the load, seen {failed} of {} in {:.1} s: {}",
                seen.sent,
                seen.seconds,
                ways.join(", ")
            );
            Verdict { measured, ..fail(slot, "load", message) }
        }
        _ => Verdict { measured, ..verdict },
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{RENDER, chart, slot};
    use crate::judge::evaluate;
    use crate::model::VerdictKind;
    use seatrial_observation::{Ended, LoadSeen, Observation, Part, ProbeAnswer, ProbeOutcome, Sample, Seen};

    const CONTRACT: &str = "apiVersion: seatrial.dev/v1\nkind: Contract\nchart: .\nclauses:\n  \
        x: { when: { load: { http: svc/registry:http/v2/, failures: 1 } }, tcp: svc/registry:http }\n";

    fn check(load: Option<LoadSeen>, kind: VerdictKind, words: &str) {
        let plan = chart(RENDER, CONTRACT);
        let (environment, slot) = slot(&plan, "x");
        let outcome = ProbeOutcome { took_ms: 1.0, result: Ok(ProbeAnswer::Tcp { peer: "10.0.0.1:5000".to_owned() }) };
        let sample = Sample { at_ms: 1.0, look: Ok(Seen::Probes(vec![outcome])) };
        let part = Part { before: None, samples: vec![sample], looks: 1, ended: Ended::Decided };
        let mut observation = Observation { parts: vec![part], ..Observation::default() };
        observation.actions.load = load;
        let verdict = evaluate(&plan, environment, slot, Some(&observation));
        let cause = verdict.cause.map(|cause| cause.message).unwrap_or_default();
        assert_eq!((verdict.kind, cause.contains(words)), (kind, true), "{cause}");
    }

    #[test]
    fn its_requests_are_judged_after_the_checks() {
        let seen = |sent: u64, failed: u64| LoadSeen {
            sent,
            failures: (failed > 0).then(|| ("status 503 instead of 200".to_owned(), failed)).into_iter().collect(),
            seconds: 2.0,
            error: None,
        };
        check(Some(seen(100, 1)), VerdictKind::Pass, "");
        let words =
            "expected at most 1 failed requests of the load, seen 2 of 100 in 2.0 s: status 503 instead of 200 (2)";
        check(Some(seen(100, 2)), VerdictKind::Fail, words);
        check(Some(seen(0, 0)), VerdictKind::Inconclusive, "not one request");
        check(None, VerdictKind::Inconclusive, "was not seen");
        let broken = LoadSeen { error: Some("no prober".to_owned()), ..seen(100, 0) };
        check(Some(broken), VerdictKind::Inconclusive, "no prober");
    }
}
