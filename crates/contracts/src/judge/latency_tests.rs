//! Measurements as they are recorded, and the verdicts that follow from them.

use super::super::{blocked, evaluate, strictly};
use super::*;
use crate::fixture::{RENDER, chart, slot};
use crate::model::{Verdict, VerdictKind};
use crate::report;
use proptest::prelude::*;
use seatrial_observation::{Ended, HttpAnswer, Machine, Observation, ProbeAnswer, ProbeOutcome, Sample, Seen};

const HEAD: &str = "apiVersion: seatrial.dev/v1\nkind: Contract\nchart: .\n\
                    cluster: { name: c, publish: { 5000: svc/registry:http } }\nclauses:\n";

/// A measurement as its driver takes it: samples until the tests have enough; `None` is a request that failed.
fn drawn(latency: &Latency, mut sample: impl FnMut(usize) -> Option<u64>, reference: u64) -> (LatencyRun, Decision) {
    let mut test = LatencyTest::new(&latency_goal(latency));
    let mut run = LatencyRun { machine: quiet(), seconds: 2.0, ..LatencyRun::default() };
    while !test.is_over() {
        let took = sample(run.target.len());
        run.target.push(took.unwrap_or(5_000_000), 800, took.is_none());
        run.reference.push(reference, 900, false);
        test.step(took);
    }
    if !run.target.failed.is_empty() {
        run.failures.insert("connection refused".to_owned(), u32::try_from(run.target.failed.len()).unwrap_or(0));
    }
    (run, test.decision())
}

#[expect(clippy::unnecessary_wraps, reason = "a run may have no reading, and so its field is an option")]
fn quiet() -> Option<Machine> {
    Some(Machine { cpus: 2, seconds: 2.0, busy: 0.6, steal: 0.0, release: 0.1, stalled: Some(0.1) })
}

#[expect(clippy::unnecessary_wraps, reason = "a run may have no reading, and so its field is an option")]
fn busy_with_others() -> Option<Machine> {
    Some(Machine { cpus: 2, seconds: 2.0, busy: 3.9, steal: 0.0, release: 0.1, stalled: Some(1.9) })
}

#[expect(clippy::unnecessary_wraps, reason = "a run may have no reading, and so its field is an option")]
fn busy_by_itself() -> Option<Machine> {
    Some(Machine { cpus: 2, seconds: 2.0, busy: 4.0, steal: 0.0, release: 3.2, stalled: Some(2.0) })
}

fn of(clause: &str) -> (crate::model::ChartPlan, Latency) {
    let plan = chart(RENDER, &format!("{HEAD}  x: {{ http: host:5000/v2/, latency: {clause} }}\n"));
    let (environment, slot) = slot(&plan, "x");
    let latency = super::super::phases(slot, environment)[0].latency.clone().expect("a latency is written");
    (plan, latency)
}

fn verdict(plan: &crate::model::ChartPlan, run: LatencyRun) -> Verdict {
    let (environment, slot) = slot(plan, "x");
    let answer =
        HttpAnswer { status: 200, headers: [].into(), body: "{}".to_owned(), is_truncated: false, certificate: None };
    let look = ProbeOutcome { took_ms: 1.5, result: Ok(ProbeAnswer::Http(answer)) };
    let looks = [Seen::Probes(vec![look]), Seen::Latency(Box::new(run))];
    let samples = looks.map(|look| Sample { at_ms: 1.0, look: Ok(look) }).into();
    let part = Part { before: None, samples, looks: 2, ended: Ended::Decided };
    let observation = Observation { parts: vec![part], ..Observation::default() };
    // What is read back from a file is what was written.
    let text = serde_json::to_string(&observation).expect("a record is JSON");
    let observation: Observation = serde_json::from_str(&text).expect("a record is read back");
    evaluate(plan, environment, slot, Some(&observation))
}

/// The verdict of a clause, its first lines, for samples in milliseconds and a machine.
fn check(text: &str, sample: impl Fn(usize) -> Option<u64>, machine: Option<Machine>, expected: &str) {
    let (plan, latency) = of(text);
    let (mut run, _) = drawn(&latency, |i| sample(i).map(|millis| millis * 1000), 400);
    run.machine = machine;
    let verdict = verdict(&plan, run);
    let seen = match &verdict.cause {
        Some(cause) => {
            format!("{:?} {}: {}", verdict.kind, cause.kind, cause.message.lines().next().unwrap_or_default())
        }
        None => format!("{:?} {}", verdict.kind, report::line(&verdict).split("; median").next().unwrap_or_default()),
    };
    assert_eq!(seen, expected, "{text}");
}

#[test]
fn a_fast_answer_passes_with_value_limit_margin_and_n() {
    check(
        "{ p95: 50ms }",
        |_| Some(3),
        quiet(),
        "Pass p95 (0 of 73 over the limit) 3 ms, limit 50 ms, margin 47 ms (94 %), n 73",
    );
    check(
        "{ p95: 50ms, samples: 100 }",
        |i| Some(if i == 7 { 60 } else { 3 }),
        quiet(),
        "Pass p95 (1 of 113 over the limit) 3 ms, limit 50 ms, margin 47 ms (94 %), n 113",
    );
}

#[test]
fn a_slow_answer_fails() {
    check(
        "{ p95: 50ms }",
        |_| Some(80),
        quiet(),
        "Fail slow: GET host:5000/v2/ p95: promised 50 ms, seen 80.0 ms: 73 of 73 requests were over it, more than chance explains",
    );
}

#[test]
fn a_failed_request_is_never_in_time() {
    let (plan, latency) = of("{ p95: 50ms }");
    let (run, decision) = drawn(&latency, |i| (i % 2 == 0).then_some(1000), 400);
    assert_eq!(decision, Decision::Fail);
    let message = verdict(&plan, run).cause.expect("a cause").message;
    assert!(message.contains("failed: ") && message.contains("connection refused"), "{message}");
}

#[test]
fn just_what_is_allowed_is_undecided() {
    check(
        "{ p95: 50ms }",
        |i| Some(if i % 20 == 0 { 80 } else { 3 }),
        quiet(),
        "Inconclusive undecided: GET host:5000/v2/ p95: promised 50 ms, seen 3.0 ms: 100 of 2000 requests were over it, \
         which neither proves nor disproves it",
    );
}

/// Every 20th request stalls: a p95 allows just that, a p99 does not. Where the whole server stalls, those that are due
/// meanwhile are late, too.
#[test]
fn stalls_fail_and_are_no_noise() {
    let stall = |i: usize| Some(if i % 20 == 19 { 300 } else { 3 });
    let (plan, latency) = of("{ p99: 50ms }");
    let (run, decision) = drawn(&latency, |i| stall(i).map(|millis| millis * 1000), 400);
    assert_eq!((decision, verdict(&plan, run).kind), (Decision::Fail, VerdictKind::Fail));
    let whole = |i: usize| Some(300_u64.saturating_sub((i as u64 % 20) * 20).max(3));
    let (plan, latency) = of("{ p95: 50ms }");
    let (run, _) = drawn(&latency, |i| whole(i).map(|millis| millis * 1000), 400);
    assert_eq!(verdict(&plan, run).kind, VerdictKind::Fail);
}

#[test]
fn a_workload_that_burns_all_cpus_fails_and_who_others_slow_down_does_not() {
    let slow = |machine: Option<Machine>| {
        let (plan, latency) = of("{ p95: 50ms }");
        let (mut run, _) = drawn(&latency, |_| Some(90_000), 45_000);
        run.target.lag_us.fill(30_000);
        run.machine = machine;
        let verdict = verdict(&plan, run);
        (verdict.kind, verdict.cause.map(|cause| cause.kind).unwrap_or_default())
    };
    assert_eq!(slow(busy_by_itself()), (VerdictKind::Fail, "slow".to_owned()));
    assert_eq!(slow(busy_with_others()), (VerdictKind::Inconclusive, "noisy".to_owned()));
    assert_eq!(slow(None), (VerdictKind::Inconclusive, "noisy".to_owned()));
}

#[test]
fn noise_takes_no_pass_away_but_a_difference_hides_in_it() {
    check(
        "{ p95: 50ms }",
        |_| Some(3),
        busy_with_others(),
        "Pass p95 (0 of 73 over the limit) 3 ms, limit 50 ms, margin 47 ms (94 %), n 73",
    );
    let (plan, latency) = of("{ p50: +100ms, than: docker }");
    let (mut run, _) = drawn(&latency, |_| Some(130_000), 120_000);
    run.machine = busy_with_others();
    let phase = &super::super::phases(slot(&plan, "x").1, slot(&plan, "x").0)[0];
    assert!(taken_again(phase, &run).is_some_and(|reason| reason.contains("work outside of the release used")));
    assert_eq!(verdict(&plan, run).kind, VerdictKind::Inconclusive);
    // Who answers within 3 ms is not 100 ms slower than anybody.
    let (mut run, _) = drawn(&latency, |_| Some(3000), 2000);
    run.machine = busy_with_others();
    assert_eq!((taken_again(phase, &run), verdict(&plan, run).kind), (None, VerdictKind::Pass));
}

#[test]
fn medians_are_compared_with_an_interval() {
    check(
        "{ p50: +1ms, than: docker }",
        |i| Some(1 + i as u64 % 2),
        quiet(),
        "Inconclusive undecided: GET host:5000/v2/ p50 more than in plain Docker: promised 1 ms, seen 1.1 ms (95 % of \
         0.60 to 1.60 ms, 100 samples): the limit lies within",
    );
    check(
        "{ p50: +100ms, than: docker }",
        |_| Some(3),
        quiet(),
        "Pass p50 more than in plain Docker (95 % of 2.60 to 2.60 ms) 2.6 ms, limit 100 ms, margin 97.4 ms (97 %), n 100",
    );
    check(
        "{ p50: +2ms, than: docker }",
        |_| Some(3),
        quiet(),
        "Fail slow: GET host:5000/v2/ p50 more than in plain Docker: promised 2 ms, seen 2.6 ms (95 % of 2.60 to 2.60 ms, \
         100 samples)",
    );
    check(
        "{ p50: 5ms }",
        |_| Some(3),
        quiet(),
        "Pass p50 (95 % of 3.00 to 3.00 ms) 3 ms, limit 5 ms, margin 2 ms (40 %), n 100",
    );
}

#[test]
fn what_was_cut_short_is_no_pass() {
    let (plan, latency) = of("{ p50: 5ms }");
    let (mut run, _) = drawn(&latency, |_| Some(1000), 400);
    run.target = run.target.answers().take(50).fold(seatrial_observation::Series::default(), |mut all, took| {
        all.push(took.unwrap_or(0), 1, false);
        all
    });
    assert_eq!(verdict(&plan, run).kind, VerdictKind::Inconclusive);
    assert_eq!(verdict(&plan, LatencyRun::default()).kind, VerdictKind::Inconclusive);
}

#[test]
fn a_look_alone_is_no_measurement() {
    let (plan, _) = of("{ p95: 50ms }");
    let (environment, slot) = slot(&plan, "x");
    let answer =
        HttpAnswer { status: 200, headers: [].into(), body: "{}".to_owned(), is_truncated: false, certificate: None };
    let look = ProbeOutcome { took_ms: 1.5, result: Ok(ProbeAnswer::Http(answer)) };
    let samples = vec![Sample { at_ms: 1.0, look: Ok(Seen::Probes(vec![look])) }];
    let part = Part { before: None, samples, looks: 1, ended: Ended::Decided };
    let observation = Observation { parts: vec![part], ..Observation::default() };
    let verdict = evaluate(&plan, environment, slot, Some(&observation));
    assert_eq!(verdict.cause.expect("a cause").message, "the latency was not measured");
}

/// What a measurement is with and without `--strict`.
fn check_strictly(sample: impl Fn(usize) -> Option<u64>, machine: Option<Machine>, lenient: &str, strict: &str) {
    let (plan, latency) = of("{ p95: 50ms }");
    let (mut run, _) = drawn(&latency, |i| sample(i).map(|millis| millis * 1000), 400);
    run.machine = machine;
    let said = |verdict: &Verdict| format!("{:?} {}", verdict.kind, verdict.cause.as_ref().map_or("", |c| &c.kind));
    let verdict = verdict(&plan, run);
    assert_eq!((&*said(&verdict), &*said(&strictly(verdict.clone()))), (lenient, strict));
}

#[test]
fn strict_fails_what_is_undecided_and_never_noise() {
    let on_the_limit = |i| if i % 20 == 0 { Some(80) } else { Some(3) };
    check_strictly(on_the_limit, quiet(), "Inconclusive undecided", "Fail undecided");
    check_strictly(on_the_limit, busy_with_others(), "Inconclusive noisy", "Inconclusive noisy");
    check_strictly(|_| Some(80), busy_with_others(), "Inconclusive noisy", "Inconclusive noisy");
    check_strictly(|_| Some(80), quiet(), "Fail slow", "Fail slow");
    check_strictly(|_| Some(3), quiet(), "Pass ", "Pass ");
}

#[test]
fn strict_leaves_what_was_not_looked_at() {
    let (plan, _) = of("{ p95: 50ms }");
    let (environment, slot) = slot(&plan, "x");
    for verdict in [evaluate(&plan, environment, slot, None), blocked(slot, "ready")] {
        assert_eq!((strictly(verdict.clone()), verdict.kind), (verdict.clone(), VerdictKind::Inconclusive));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// The verdict from the record is the decision that ended the measurement.
    #[test]
    fn evaluate_agrees_with_the_driver(slow_of_1000 in 0_u64..200, seed: u64, samples in 73_u32..150) {
        let (plan, latency) = of(&format!("{{ p95: 50ms, samples: {samples} }}"));
        let mut state = seed;
        let (run, decision) = drawn(&latency, |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            Some(if (state >> 33) % 1000 < slow_of_1000 { 60_000 } else { 10_000 })
        }, 400);
        let expected = match decision {
            Decision::Pass => VerdictKind::Pass,
            Decision::Fail => VerdictKind::Fail,
            Decision::More => VerdictKind::Inconclusive,
        };
        prop_assert_eq!(verdict(&plan, run).kind, expected);
    }
}
