//! `latency`: what a measurement says about a promise, computed from its record alone. The sequential test runs again
//! over the recorded samples, so the verdict is the decision that ended the measurement.

use super::bootstrap::{self, Interval};
use super::checks::{Outcome, look};
use super::noise;
use crate::model::{Check, Latency, LatencyLimit, Measured, Phase, Than};
use seatrial_observation::{
    Connections, Decision, Ended, LatencyGoal, LatencyLimitUs, LatencyRun, LatencyTest, Part, Seen,
};

/// What a measurement comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// The promise holds.
    Fast,
    /// It is broken: what was promised and what was seen.
    Slow(String),
    /// The samples show neither.
    Undecided(String),
    /// Others kept the machine too busy to tell.
    Noisy(String),
    /// There is nothing to judge.
    Nothing(String),
}

/// When a measurement has enough samples.
pub fn latency_goal(latency: &Latency) -> LatencyGoal {
    let tested = latency.limits.iter().filter(|one| is_tested(latency, one));
    let limits = tested.map(|one| LatencyLimitUs { percentile: one.percentile, limit_us: micros(one) });
    LatencyGoal {
        limits: limits.collect(),
        fewest: latency.samples,
        most: Latency::MOST_SAMPLES,
        longest_ms: u64::try_from(Latency::LONGEST.as_millis()).unwrap_or(u64::MAX),
    }
}

/// Why a measurement says nothing and is to be taken again: others kept the machine busy, and it did not pass anyway.
pub fn taken_again(phase: &Phase, run: &LatencyRun) -> Option<String> {
    let latency = phase.latency.as_ref()?;
    match judged(phase, latency, run).0 {
        Finding::Noisy(reason) => Some(reason),
        _ => None,
    }
}

/// Whether the look at the check held, so that there is something to measure.
pub fn is_measurable(phase: &Phase, part: &Part) -> bool {
    let last = part.samples.last().and_then(|sample| sample.look.as_ref().ok());
    let holds = last.is_some_and(|seen| look(&phase.check, seen, part.before.as_ref()).outcome == Outcome::Holds);
    holds && part.ended == Ended::Decided
}

/// The last measurement of a part, if one was taken.
pub(super) fn measurement(part: &Part) -> Option<&LatencyRun> {
    part.samples.iter().rev().find_map(|sample| match &sample.look {
        Ok(Seen::Latency(run)) => Some(&**run),
        _ => None,
    })
}

/// Judges a measurement. Noise only ever adds to a latency, so a pass is one on a noisy machine too. A small difference
/// may hide in the noise of the reference; not so where all of the target's median is within what it may differ by.
pub(super) fn judged(phase: &Phase, latency: &Latency, run: &LatencyRun) -> (Finding, Vec<Measured>) {
    if run.target.is_empty() {
        return (Finding::Nothing("not one request was sent".to_owned()), Vec::new());
    }
    let mut measured = Vec::new();
    let findings: Vec<Finding> = latency
        .limits
        .iter()
        .map(|limit| {
            if is_tested(latency, limit) {
                tested(latency, limit, run, &mut measured)
            } else {
                compared(latency, limit, run, &mut measured)
            }
        })
        .collect();
    let finding = worst(findings);
    measured.extend(beside(latency, run));
    let is_noise_harmless = finding == Finding::Fast && (latency.than.is_none() || is_within_whole(latency, run));
    let noise = if is_noise_harmless { None } else { noise::noise(latency, run) };
    let finding = noise.map_or(finding, Finding::Noisy);
    (told(finding, &phase.check, latency, run), measured)
}

/// Whether the target's median alone keeps the limit of the difference.
fn is_within_whole(latency: &Latency, run: &LatencyRun) -> bool {
    let high = bootstrap::median(&run.target.took_us).in_millis().high;
    latency.limits.iter().all(|limit| high <= millis(limit))
}

fn is_tested(latency: &Latency, limit: &LatencyLimit) -> bool {
    latency.than.is_none() && limit.percentile != 50
}

fn micros(limit: &LatencyLimit) -> u64 {
    u64::try_from(limit.limit.as_micros()).unwrap_or(u64::MAX)
}

fn millis(limit: &LatencyLimit) -> f64 {
    limit.limit.as_secs_f64() * 1e3
}

/// One that fails is enough; to be fast, all must be.
fn worst(findings: Vec<Finding>) -> Finding {
    let rank = |finding: &Finding| match finding {
        Finding::Slow(_) => 3,
        Finding::Nothing(_) => 2,
        Finding::Undecided(_) | Finding::Noisy(_) => 1,
        Finding::Fast => 0,
    };
    // The first of those that weigh most.
    findings.into_iter().rev().max_by_key(rank).unwrap_or_else(|| Finding::Nothing("no limit is written".to_owned()))
}

/// A percentile by the sequential test.
fn tested(latency: &Latency, limit: &LatencyLimit, run: &LatencyRun, measured: &mut Vec<Measured>) -> Finding {
    let mut test = LatencyTest::new(&latency_goal(latency));
    run.target.answers().for_each(|took| _ = test.step(took));
    let (over, n) = (over(limit, run), run.target.len());
    let value = nearest_rank(&run.target.took_us, limit.percentile);
    measured.push(in_ms(format!("p{} ({over} of {n} over the limit)", limit.percentile), value, limit, n));
    let seen = format!(
        "p{}: promised {}, seen {value:.1} ms: {over} of {n} requests were over it",
        limit.percentile,
        shown(limit)
    );
    match test.of(limit.percentile) {
        Some(Decision::Fail) => Finding::Slow(format!("{seen}, more than chance explains")),
        Some(Decision::Pass) if n >= latency.samples as usize => Finding::Fast,
        Some(Decision::Pass) => Finding::Undecided(format!("{seen}, and {} samples were asked for", latency.samples)),
        _ => Finding::Undecided(format!("{seen}, which neither proves nor disproves it")),
    }
}

fn in_ms(what: String, value: f64, limit: &LatencyLimit, n: usize) -> Measured {
    Measured { what, value, limit: Some(millis(limit)), unit: "ms".to_owned(), n: n as u64 }
}

fn over(limit: &LatencyLimit, run: &LatencyRun) -> usize {
    run.target.answers().filter(|took| took.is_none_or(|took| took > micros(limit))).count()
}

/// The median, or how much higher it is than the reference's, with the interval that a bootstrap gives.
fn compared(latency: &Latency, limit: &LatencyLimit, run: &LatencyRun, measured: &mut Vec<Measured>) -> Finding {
    let n = run.target.len();
    let interval = match latency.than {
        None => bootstrap::median(&run.target.took_us),
        Some(_) if run.reference.len() != n => return Finding::Nothing("the reference did not answer".to_owned()),
        Some(_) => bootstrap::difference(&run.target.took_us, &run.reference.took_us),
    };
    let Interval { value, low, high } = interval.in_millis();
    let what = latency.than.map_or_else(|| "p50".to_owned(), |than| format!("p50 more than {}", name(than)));
    measured.push(in_ms(format!("{what} (95 % of {low:.2} to {high:.2} ms)"), value, limit, n));
    let seen = format!(
        "{what}: promised {}, seen {value:.1} ms (95 % of {low:.2} to {high:.2} ms, {n} samples)",
        shown(limit)
    );
    let failed = run.target.failed.len() + run.reference.failed.len();
    let limit = millis(limit);
    if run.target.failed.len() * 20 > n {
        return Finding::Slow(format!("{seen}, and {} requests failed", run.target.failed.len()));
    }
    if n < latency.samples as usize || run.reference.failed.len() * 20 > n {
        return Finding::Undecided(format!(
            "{seen}; {} pairs were asked for, {failed} requests failed",
            latency.samples
        ));
    }
    match (high <= limit, low > limit) {
        (true, _) => Finding::Fast,
        (_, true) => Finding::Slow(seen),
        _ => Finding::Undecided(format!("{seen}: the limit lies within")),
    }
}

fn shown(limit: &LatencyLimit) -> String {
    format!("{} ms", millis(limit))
}

fn name(than: Than) -> &'static str {
    match than {
        Than::Docker => "in plain Docker",
        Than::Echo => "the prober's echo",
    }
}

/// The smallest sample that at least so many of 100 do not exceed, in milliseconds.
fn nearest_rank(samples: &[u64], percentile: u8) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    let rank = (samples.len() * usize::from(percentile)).div_ceil(100).max(1);
    sorted.get(rank - 1).map_or(0.0, |micros| *micros as f64 / 1e3)
}

/// What a reader wants to see beside the promise: the reference, and how late the measuring was itself.
fn beside(latency: &Latency, run: &LatencyRun) -> Vec<Measured> {
    let value = |what: String, samples: &[u64], percentile| Measured {
        what,
        value: nearest_rank(samples, percentile),
        limit: None,
        unit: "ms".to_owned(),
        n: samples.len() as u64,
    };
    let connections = match latency.connections {
        Connections::New => "a new connection each",
        Connections::Kept => "connections kept",
    };
    let mut all = vec![value(format!("median at {}/s, {connections}", latency.rate), &run.target.took_us, 50)];
    if !run.reference.is_empty() {
        let of = name(latency.than.unwrap_or(Than::Echo));
        all.push(value(format!("median of {of}"), &run.reference.took_us, 50));
    }
    all.push(value("scheduling lag p99".to_owned(), &run.target.lag_us, 99));
    all
}

/// With the name of the probe before it and the failures behind it.
fn told(finding: Finding, check: &Check, latency: &Latency, run: &LatencyRun) -> Finding {
    let of = probe(check);
    let failures: Vec<String> = run.failures.iter().map(|(words, count)| format!("{count} times {words}")).collect();
    let failures = if failures.is_empty() { String::new() } else { format!("\nfailed: {}", failures.join("; ")) };
    let pace = format!("\n{} requests a second, {} before that", latency.rate, latency.warm_up);
    match finding {
        Finding::Fast => Finding::Fast,
        Finding::Slow(text) => Finding::Slow(format!("{of} {text}{failures}{pace}")),
        Finding::Undecided(text) => Finding::Undecided(format!("{of} {text}{failures}{pace}")),
        Finding::Noisy(text) => Finding::Noisy(format!("{of} {text}{failures}{pace}")),
        Finding::Nothing(text) => Finding::Nothing(format!("{of} {text}{failures}")),
    }
}

fn probe(check: &Check) -> String {
    match check {
        Check::Http(http) => http.0.first().map_or_else(String::new, |step| format!("{} {}", step.method, step.to)),
        Check::Tcp(tcp) => format!("tcp {}", tcp.to),
        Check::Dns(targets) => targets.first().map_or_else(String::new, |target| format!("dns {target}")),
        _ => String::new(),
    }
}

#[cfg(test)]
#[path = "latency_tests.rs"]
mod tests;
