//! `metrics`: the scrape is in the text format of Prometheus, and has the samples that are promised.

use super::{Judged, Outcome, failure_text};
use crate::judge::expect;
use crate::model::{Expectation, Measured, MetricsCheck, Series};
use seatrial_observation::{ProbeAnswer, ProbeOutcome};
use serde_json::Value;

pub(super) fn look(check: &MetricsCheck, outcomes: &[ProbeOutcome]) -> Judged {
    if outcomes.is_empty() {
        return Judged::unseen("nothing was scraped");
    }
    let what = format!("metrics through {}", check.through);
    let mut samples = Vec::new();
    for outcome in outcomes {
        match scraped(outcome) {
            Ok(more) => samples.extend(more),
            Err(problem) => return Judged::broken(format!("{what}: {problem}")),
        }
    }
    let broken: Vec<String> =
        check.expect.iter().filter_map(|(series, expected)| mismatch(series, expected, &samples)).collect();
    let broken: Vec<String> = broken.into_iter().map(|text| format!("{what}: {text}")).collect();
    match Judged::of(&broken) {
        Judged { outcome: Outcome::Holds, .. } => {
            let n = samples.len() as u64;
            let what = "samples".to_owned();
            Judged::from(Outcome::Holds).with(Measured { what, value: n as f64, limit: None, unit: String::new(), n })
        }
        broken => broken,
    }
}

fn scraped(outcome: &ProbeOutcome) -> Result<Vec<(Series, Value)>, String> {
    match &outcome.result {
        Ok(ProbeAnswer::Http(answer)) if (200..300).contains(&answer.status) => {
            // The last line of a body that was cut is none.
            let whole =
                if answer.is_truncated { answer.body.rsplit_once('\n').map_or("", |(a, _)| a) } else { &answer.body };
            samples(whole)
        }
        Ok(ProbeAnswer::Http(answer)) => Err(format!("expected status 2xx, seen {}", answer.status)),
        Ok(_) => Err("the probe answered something else than HTTP".to_owned()),
        Err(failure) => Err(format!("expected metrics, seen {}", failure_text(failure))),
    }
}

fn samples(text: &str) -> Result<Vec<(Series, Value)>, String> {
    let mut all = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let sample = sample(line).ok_or_else(|| {
            let line = expect::show(&Value::from(line));
            format!("expected the text format of Prometheus, seen in line {}: {line}", number + 1)
        })?;
        all.push(sample);
    }
    if all.is_empty() { Err("expected metrics, seen none".to_owned()) } else { Ok(all) }
}

/// A line: a series, its value, and perhaps a time.
fn sample(line: &str) -> Option<(Series, Value)> {
    let (series, rest) = Series::take(line)?;
    let mut words = rest.split_whitespace();
    let word = words.next()?;
    let value: f64 = word.parse().ok()?;
    let is_end = words.next().is_none_or(|time| time.parse::<f64>().is_ok());
    // JSON knows neither infinities nor "not a number": they stay texts.
    is_end.then(|| (series, serde_json::Number::from_f64(value).map_or_else(|| word.into(), Value::Number)))
}

/// Some sample of the series must be as expected.
fn mismatch(series: &Series, expected: &Expectation, samples: &[(Series, Value)]) -> Option<String> {
    let fitting: Vec<&Value> = samples.iter().filter(|(one, _)| series.has(one)).map(|(_, value)| value).collect();
    let Some(first) = fitting.first().copied() else {
        return expect::check(expected, None, None).first().map(|mismatch| format!("{series}: {mismatch}"));
    };
    if fitting.iter().any(|value| expect::check(expected, Some(*value), None).is_empty()) {
        return None;
    }
    let more = if fitting.len() > 1 { format!(" and {} others", fitting.len() - 1) } else { String::new() };
    let mismatch = expect::check(expected, Some(first), None).into_iter().next()?;
    Some(format!("{series}: {mismatch}{more}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_observation::HttpAnswer;

    const SOUND: &str = "# HELP hits x\n# TYPE hits counter\nhits{code=\"200\",path=\"/a\\\"b\"} 7\nhits{code=\"500\"} 0 1700000000000\nup 1\nlast +Inf\n";

    #[track_caller]
    fn check(body: &str, status: u16, series: &str, expected: &str, seen_is: &str) {
        let series = Series::parse(series).expect("a series");
        let expected = match expected {
            "present" => Expectation::Present,
            "absent" => Expectation::Absent,
            limit => Expectation::Compare(crate::model::Comparison {
                operator: crate::model::Operator::Greater,
                operand: limit.trim_start_matches("> ").to_owned(),
            }),
        };
        let through = "svc/x:http/metrics".parse().expect("a target");
        let body = body.to_owned();
        let answer = HttpAnswer { status, headers: [].into(), body, is_truncated: false, certificate: None };
        let outcome = ProbeOutcome { took_ms: 1.0, result: Ok(ProbeAnswer::Http(answer)) };
        let judged = match look(&MetricsCheck { through, expect: vec![(series, expected)] }, &[outcome]).outcome {
            Outcome::Holds => "holds".to_owned(),
            Outcome::Broken(message) => message,
            other => format!("{other:?}"),
        };
        assert!(judged.contains(seen_is), "{judged}");
    }

    #[test]
    fn some_sample_is_as_promised() {
        check(SOUND, 200, "hits", "present", "holds");
        check(SOUND, 200, "hits", "> 5", "holds");
        check(SOUND, 200, "hits{code=\"200\"}", "> 5", "holds");
        check(SOUND, 200, "misses", "absent", "holds");
    }

    #[test]
    fn what_is_missing_too_small_or_no_metric_is_told() {
        check(SOUND, 200, "misses", "present", "misses: expected present, seen absent");
        check(SOUND, 200, "hits{code=\"500\"}", "> 5", "hits{code=\"500\"}: expected > 5, seen 0");
        check(SOUND, 200, "hits", "> 9", "seen 7.0 and 1 others");
        check(SOUND, 200, "up", "absent", "up: expected absent, seen 1");
        check("<html>", 200, "up", "present", "expected the text format of Prometheus, seen in line 1: <html>");
        check("", 200, "up", "present", "expected metrics, seen none");
        check(SOUND, 404, "up", "present", "expected status 2xx, seen 404");
    }
}
