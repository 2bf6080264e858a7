//! Looks, waits and verdicts: a watch is driven by samples, and the verdict comes from the record it leaves.

#![expect(clippy::unnecessary_wraps, reason = "a look is a result, and so are the looks of these tests")]

use super::watch::Mode;
use super::{Decision, Rules, Watch, evaluate, phases};
use crate::fixture::{CONTRACT, RENDER, chart, run, slot, sound};
use crate::model::{Check, ObjectPath, PathStep, Phase, Timeouts, Verdict, VerdictKind, Within};
use crate::report;
use proptest::prelude::*;
use seatrial_observation::{
    CommandSeen, Ended, FailureKind, Found, HttpAnswer, Look, LookError, ObjectLook, Observation, Part, ProbeAnswer,
    ProbeFailure, ProbeOutcome, REDACTED, Reason, RegistryAnswer, RegistryStep, Sample, Seen, Usage,
};
use serde_json::{Value, json};
use std::time::Duration;

const HEAD: &str = "apiVersion: seatrial.dev/v1\nkind: Contract\nchart: .\ncluster: { name: c, publish: { 5000: svc/registry:http } }\nclauses:\n";

type Looked = Result<Seen, LookError>;

fn rules(has_event: bool, before: Option<Seen>) -> Rules {
    Rules { has_event, timeouts: Timeouts::default(), slow: 1.0, before }
}

/// Drives a watch through samples, the last one repeated until it has enough.
fn watched(phase: &Phase, rules: &Rules, looks: &[(f64, Looked)]) -> (Part, Watch, Ended) {
    let mut watch = Watch::new(phase, rules);
    let (mut at_ms, mut index) = (0.0, 0);
    loop {
        let (given, look) = &looks[index.min(looks.len() - 1)];
        at_ms = if index < looks.len() { *given } else { at_ms };
        index += 1;
        match watch.step(&Sample { at_ms, look: look.clone() }) {
            Decision::Again { after } => at_ms += after.as_secs_f64() * 1e3,
            Decision::Done(ended) => return (watch.clone().part(ended.clone()), watch, ended),
        }
    }
}

/// The verdict of a clause `x` in one line, from looks at its only phase.
fn check(clause: &str, looks: &[(f64, Looked)], expected: &str) {
    check_with(clause, None, looks, expected);
}

fn check_with(clause: &str, before: Option<Seen>, looks: &[(f64, Looked)], expected: &str) {
    let plan = chart(RENDER, &format!("{HEAD}  x: {clause}\n"));
    let (environment, slot) = slot(&plan, "x");
    let phase = &phases(slot, environment)[0];
    let has_event = super::clause_of(slot, environment).is_some_and(|clause| !clause.when.is_empty());
    let (part, ..) = watched(phase, &rules(has_event, before), looks);
    let verdict =
        evaluate(&plan, environment, slot, Some(&Observation { parts: vec![part], ..Observation::default() }));
    assert_eq!(shown(&verdict), expected);
}

fn shown(verdict: &Verdict) -> String {
    let kind = format!("{:?}", verdict.kind).to_lowercase();
    match &verdict.cause {
        Some(cause) => format!("{kind} {}: {}", cause.kind, cause.message),
        None => format!("{kind} {}", report::line(verdict)),
    }
}

fn answer(status: u16, body: &str) -> Looked {
    let headers = [("content-type".to_owned(), "text/plain".to_owned())].into_iter().collect();
    let answer = HttpAnswer { status, headers, body: body.to_owned(), is_truncated: false, certificate: None };
    Ok(Seen::Probes(vec![ProbeOutcome { took_ms: 1.5, result: Ok(ProbeAnswer::Http(answer)) }]))
}

fn failed(kind: FailureKind) -> Looked {
    let failure = ProbeFailure { kind, message: "os error".to_owned() };
    Ok(Seen::Probes(vec![ProbeOutcome { took_ms: 1.0, result: Err(failure) }]))
}

fn error() -> Looked {
    Err(LookError { message: "the API server is away".to_owned() })
}

fn readiness(look: Look<()>) -> Looked {
    Ok(Seen::Readiness(vec![ObjectLook { object: "deploy/registry".to_owned(), look }]))
}

fn objects(target: &str, objects: Vec<Value>) -> Looked {
    Ok(Seen::Objects(vec![Found { target: target.to_owned(), objects }]))
}

fn pod(uid: &str, restarts: u64) -> Value {
    let status = json!({ "containerStatuses": [{ "name": "registry", "restartCount": restarts }] });
    json!({ "kind": "Pod", "metadata": { "name": format!("registry-{uid}"), "uid": uid }, "status": status })
}

fn memory(bytes: u64) -> Looked {
    used(bytes, None)
}

fn used(bytes: u64, cpu_nanocores: Option<u64>) -> Looked {
    Ok(Seen::Usage(vec![Usage {
        of: "namespace".to_owned(),
        working_set_bytes: bytes,
        limit_bytes: None,
        cpu_nanocores,
        cpu_limit_nanocores: Some(1_000_000_000),
    }]))
}

fn logs(lines: &[&str]) -> Looked {
    Ok(Seen::Logs(vec![seatrial_observation::LogStream {
        pod: "registry-1".to_owned(),
        container: "registry".to_owned(),
        is_previous: false,
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    }]))
}

#[test]
fn http_is_looked_at_once() {
    let clause = "{ http: { get: svc/registry:http/v2/, expect: { status: 200, text: ok } } }";
    check(clause, &[(1.0, answer(200, "ok"))], "pass answer 1.5 ms, n 1");
    let seen = "fail mismatch: GET svc/registry:http/v2/: status: expected 200, seen 404";
    check(clause, &[(1.0, answer(404, "ok")), (2.0, answer(200, "ok"))], seen);
    let seen = "fail mismatch: GET svc/registry:http/v2/: body: expected ok, seen no";
    check(clause, &[(1.0, answer(200, "no"))], seen);
    let seen = "fail mismatch: GET svc/registry:http/v2/: expected status 200, seen connection refused (os error)";
    check(clause, &[(1.0, failed(FailureKind::Refused))], seen);
    check(clause, &[(1.0, Ok(Seen::Probes(vec![])))], "inconclusive missing: no HTTP exchange took place");
}

/// The verdict of what is repeated, from the last looks of each time.
#[track_caller]
fn check_repeated(clause: &str, times: &[(f64, Looked)], expected: &str) {
    let plan = chart(RENDER, &format!("{HEAD}  x: {clause}\n"));
    let (environment, slot) = slot(&plan, "x");
    let phase = &phases(slot, environment)[0];
    let parts = times.iter().map(|look| watched(phase, &rules(false, None), std::slice::from_ref(look)).0);
    let observation = Observation { parts: parts.collect(), ..Observation::default() };
    assert_eq!(shown(&evaluate(&plan, environment, slot, Some(&observation))), expected);
}

#[test]
fn what_is_repeated_must_hold_each_time() {
    let clause = "{ ready: release, within: 5s, repeat: 3 }";
    let ready = |at_ms: f64| (at_ms, readiness(Look::Ready(())));
    let seen = "pass time to ready 4 s, limit 5 s, margin 1 s (20 %), n 3";
    check_repeated(clause, &[ready(3000.0), ready(4000.0), ready(2000.0)], seen);
    let seen = "fail late: time 2 of 3: promised within 5 s, came true after 6.500 s";
    check_repeated(clause, &[ready(3000.0), ready(6500.0)], seen);
    let seen = "inconclusive missing: time 3 of 3: a check of the clause was not looked at";
    check_repeated(clause, &[ready(3000.0), ready(4000.0)], seen);
    let answers = "{ http: svc/registry:http/v2/, repeat: 2 }";
    check_repeated(answers, &[(1.0, answer(200, "")), (1.0, answer(200, ""))], "pass answer 1.5 ms, n 2");
    let connects = "{ tcp: svc/registry:http, repeat: 2 }";
    let seen =
        "fail mismatch: time 1 of 2: tcp svc/registry:http: expected a connection, seen connection refused (os error)";
    check_repeated(connects, &[(1.0, failed(FailureKind::Refused)), (1.0, answer(200, ""))], seen);
}

#[test]
fn an_error_of_the_apparatus_is_no_mismatch() {
    let clause = "{ http: svc/registry:http/v2/ }";
    check(clause, &[(1.0, error()), (2.0, answer(200, ""))], "pass answer 1.5 ms, n 1");
    let seen = "inconclusive apparatus: looking failed: the API server is away";
    check(clause, &[(1.0, error()), (40_000.0, error())], seen);
}

#[test]
fn tcp_and_the_failures_it_promises() {
    let refused = "{ tcp: { to: svc/registry:81, expect: refused } }";
    let both = |control: ProbeOutcome| {
        let Ok(Seen::Probes(mut outcomes)) = failed(FailureKind::Refused) else { panic!("a probe") };
        outcomes.push(control);
        Ok(Seen::Probes(outcomes))
    };
    let answers = ProbeOutcome { took_ms: 1.0, result: Ok(ProbeAnswer::Tcp { peer: "10.0.0.1:5000".to_owned() }) };
    check(refused, &[(1.0, both(answers.clone()))], "pass ");
    check(
        refused,
        &[(1.0, failed(FailureKind::Refused))],
        "inconclusive missing: tcp svc/registry:81: connection refused, and nothing else could be asked at that address: \
         promise it after a `when` before which it answers, or by `tcp` of a Service with another port",
    );
    let after = "{ when: { scale: { deploy/registry: 0 } }, tcp: { to: svc/registry:http, expect: refused } }";
    let before = Some(Seen::Probes(vec![answers]));
    check_with(after, before, &[(1.0, failed(FailureKind::Refused))], "pass ");
    let seen = "fail mismatch: tcp svc/registry:81: expected refused, seen no answer in time (os error)";
    check(refused, &[(1.0, failed(FailureKind::TimedOut))], seen);
    let seen = "fail mismatch: tcp svc/registry:http: expected a connection, seen connection refused (os error)";
    check("{ tcp: svc/registry:http }", &[(1.0, failed(FailureKind::Refused))], seen);
}

fn dns(address: Result<Vec<String>, String>, refused: Option<&str>) -> Looked {
    let connected = [("10.0.0.1".to_owned(), refused.map(str::to_owned))].into_iter().collect();
    let names = vec![seatrial_observation::DnsAnswer { name: "registry".to_owned(), addresses: address, connected }];
    Ok(Seen::Probes(vec![ProbeOutcome { took_ms: 2.0, result: Ok(ProbeAnswer::Dns { names }) }]))
}

#[test]
fn names_resolve_and_answer() {
    let clause = "{ dns: svc/registry }";
    let found = || Ok(vec!["10.0.0.1".to_owned()]);
    check(clause, &[(1.0, dns(found(), None))], "pass names answered 2 ms, n 1");
    check(
        clause,
        &[(1.0, dns(Err("no such name".to_owned()), None))],
        "fail mismatch: registry: expected an address, seen no such name",
    );
    check(
        clause,
        &[(1.0, dns(found(), Some("refused")))],
        "fail mismatch: registry (10.0.0.1): expected a connection, seen refused",
    );
    check(clause, &[(1.0, dns(Ok(vec![]), None))], "fail mismatch: registry: expected an address, seen none");
}

fn talk(problem: Option<&str>) -> Looked {
    let step = |name: &str, problem: Option<&str>| RegistryStep {
        name: name.to_owned(),
        request: "POST /v2/x/blobs/uploads/".to_owned(),
        status: if problem.is_some() { 405 } else { 202 },
        problem: problem.map(str::to_owned),
    };
    let steps = vec![step("base", None), step("upload blob", problem)];
    let answer = ProbeAnswer::Registry(RegistryAnswer { steps, seed: None });
    Ok(Seen::Probes(vec![ProbeOutcome { took_ms: 12.0, result: Ok(answer) }]))
}

#[test]
fn a_read_only_registry_breaks_the_round_trip() {
    check("{ registry: \"host:5000\" }", &[(1.0, talk(None))], "pass talk 12 ms, n 1");
    let seen = "fail mismatch: registry host:5000: upload blob: expected 202, seen 405 to POST /v2/x/blobs/uploads/";
    check("{ registry: \"host:5000\" }", &[(1.0, talk(Some("expected 202")))], seen);
}

#[test]
fn readiness_is_waited_for_and_doom_ends_it() {
    let pending = || readiness(Look::Pending(Reason::new("0 of 1 available")));
    let clause = "{ ready: release }";
    check(clause, &[(1.0, pending()), (1523.0, readiness(Look::Ready(())))], "pass time to ready 1.523 s, n 2");
    let doomed = Reason {
        detail: vec!["last line".to_owned()],
        ..Reason::of("pod/registry-1", "ErrImageNeverPull: image \"x\"")
    };
    let seen = "fail doomed: pod/registry-1: ErrImageNeverPull: image \"x\"\n  last line";
    check(clause, &[(1.0, pending()), (2.0, readiness(Look::Doomed(doomed)))], seen);
    let seen = "fail timeout: not so after 120.0 s: deploy/registry: 0 of 1 available (not ready)";
    check(clause, &[(1.0, pending()), (120_000.0, pending())], seen);
    let seen = "inconclusive missing: there is nothing whose readiness could be seen";
    check(clause, &[(120_000.0, Ok(Seen::Readiness(vec![])))], seen);
}

#[test]
fn a_promise_about_time_shows_its_margin() {
    let clause = "{ ready: release, within: 5s }";
    let ready = |at| [(at, readiness(Look::Ready(())))];
    check(clause, &ready(1500.0), "pass time to ready 1.5 s, limit 5 s, margin 3.5 s (70 %), n 1");
    check(clause, &ready(5250.0), "fail late: promised within 5 s, came true after 5.250 s");
}

#[test]
fn fields_of_objects_are_waited_for() {
    let clause = "{ object: { deploy/registry: { spec.replicas: 1 } } }";
    let deployment = |n: u64| {
        objects("deploy/registry", vec![json!({ "metadata": { "name": "registry" }, "spec": { "replicas": n } })])
    };
    check(clause, &[(1.0, deployment(0)), (2.0, deployment(1))], "pass ");
    let seen = "fail timeout: not so after 31.0 s: deploy/registry: spec.replicas: expected 1, seen 2";
    check(clause, &[(31_000.0, deployment(2))], seen);
    let seen = "fail timeout: not so after 31.0 s: deploy/registry: expected to be there, seen nothing of that name";
    check(clause, &[(31_000.0, objects("deploy/registry", vec![]))], seen);
    check(clause, &[(31_000.0, Ok(Seen::Objects(vec![])))], "inconclusive missing: not every object was looked for");
}

#[test]
fn restarts_hold_for_a_time() {
    let clause = "{ restarts: { deploy/registry: 0 }, for: 10s }";
    let pods = |n| objects("deploy/registry", vec![pod("a", n)]);
    let seen = "pass held for 10 s, n 41; restarts 0, limit 0, margin 0, n 41";
    check(clause, &[(0.0, pods(0))], seen);
    let seen = "fail mismatch: restarts of pod/registry-a container/registry: expected 0, seen 1 (after 0.2 s)";
    check(clause, &[(0.0, pods(0)), (250.0, pods(1))], seen);
    let seen = "inconclusive missing: deploy/registry: no container of it was seen";
    check(clause, &[(0.0, objects("deploy/registry", vec![]))], seen);
}

#[test]
fn unchanged_compares_the_pods_from_before() {
    let clause = "{ when: { upgrade: { set: { a: b } } }, restarts: { deploy/registry: unchanged }, for: 1s }";
    let pods = |uid: &str| objects("deploy/registry", vec![pod(uid, 0)]);
    let before = || pods("a").ok();
    let seen = "pass held for 1 s, n 5; restarts 0, n 5";
    check_with(clause, before(), &[(0.0, pods("a"))], seen);
    let seen = "fail mismatch: pod/registry-a container/registry: expected to run on with 0 restarts, seen replaced or \
                restarted\npod/registry-b container/registry: expected none but the pods from before, seen a new one \
                (after 0.0 s)";
    check_with(clause, before(), &[(0.0, pods("b"))], seen);
    let seen = "fail mismatch: deploy/registry: expected unchanged, but nothing was seen before (after 0.0 s)";
    check_with(clause, None, &[(0.0, pods("a"))], seen);
}

#[test]
fn memory_shows_its_maximum() {
    let clause = "{ usage: { of: namespace, memory: \"< 1GB\" }, for: 1s }";
    let looks = [(0.0, memory(90_000_000)), (500.0, memory(120_000_000)), (1000.0, memory(100_000_000))];
    let seen = "pass held for 1 s, n 3; working set of namespace 120 MB, limit 1000 MB, \
                margin 880 MB (88 %), n 3";
    check(clause, &looks, seen);
    let seen = "fail mismatch: memory of namespace: expected < 1GB, seen 1100.0 MB (after 0.5 s)";
    check(clause, &[(0.0, memory(1)), (500.0, memory(1_100_000_000))], seen);
}

#[test]
fn logs_say_and_never_say() {
    let contain = "{ logs: { of: deploy/registry, contain: listening on } }";
    check(contain, &[(1.0, logs(&[])), (2.0, logs(&["listening on :5000"]))], "pass log lines 1");
    let seen = "fail timeout: not so after 31.0 s: expected a line that says `listening on`, seen none in 1 lines";
    check(contain, &[(31_000.0, logs(&["hello"]))], seen);
    let never = "{ logs: { of: deploy/registry, never: secrets } }";
    let seen =
        format!("fail doomed: expected no value of a Secret, seen pod/registry-1 container/registry: key {REDACTED}");
    check(never, &[(1.0, logs(&[&format!("key {REDACTED}")]))], &seen);
    check(never, &[(31_000.0, logs(&[]))], "inconclusive missing: no log line was seen");
}

#[test]
fn an_uninstall_leaves_what_it_may() {
    let clause = "{ when: uninstall, leaves: [pvc/registry-data] }";
    let object = |kind: &str, name: &str| json!({ "kind": kind, "metadata": { "name": name } });
    let claim = || object("PersistentVolumeClaim", "registry-data");
    check(clause, &[(1.0, objects("*/*", vec![claim()]))], "pass objects left 1, limit 1, margin 0 (0 %), n 1");
    let seen = "fail timeout: not so after 31.0 s: expected gone, seen left behind: cm/x";
    check(clause, &[(31_000.0, objects("*/*", vec![claim(), object("ConfigMap", "x")]))], seen);
    let seen = "fail timeout: not so after 31.0 s: expected to be left: pvc/registry-data, seen gone";
    check(clause, &[(31_000.0, objects("*/*", vec![]))], seen);
}

fn command(code: Option<i32>, stderr: &str) -> Looked {
    let argv = vec!["helm".to_owned()];
    Ok(Seen::Command(CommandSeen {
        argv,
        code,
        stdout: String::new(),
        stderr: stderr.to_owned(),
        seconds: 0.9,
        report: None,
    }))
}

fn part(look: Looked) -> Part {
    Part { before: None, samples: vec![Sample { at_ms: 900.0, look }], looks: 1, ended: Ended::Decided }
}

fn judged(local: &str, observation: Option<&Observation>) -> String {
    let plan = sound();
    let (environment, slot) = slot(&plan, local);
    shown(&evaluate(&plan, environment, slot, observation))
}

#[test]
fn an_install_fails_with_the_words_of_helm() {
    let seen = |look| Observation { parts: vec![part(look)], ..Observation::default() };
    assert_eq!(judged("installs", Some(&seen(command(Some(0), "")))), "pass helm 0.9 s, n 1");
    let refused = seen(command(Some(1), "Error: provided port is not in the valid range\n"));
    assert_eq!(
        judged("installs", Some(&refused)),
        "fail helm: helm ended with 1: Error: provided port is not in the valid range"
    );
    assert_eq!(judged("installs", Some(&Observation::default())), "inconclusive missing: helm was not run");
}

/// The place of a `ready` that is doomed by this object and message.
fn check_place(object: &str, message: &str, expected: &str) {
    let plan = sound();
    let (environment, slot) = slot(&plan, "ready");
    let part = Part { ended: Ended::Doomed(Reason::of(object, message)), ..part(error()) };
    let observation = Observation { parts: vec![part], ..Observation::default() };
    let verdict = evaluate(&plan, environment, slot, Some(&observation));
    assert_eq!(verdict.kind, VerdictKind::Fail);
    let shown = verdict.places.first().map(|p| format!("{} {}", p.file, p.note.as_deref().unwrap_or("")));
    assert_eq!(shown.as_deref(), Some(expected));
}

#[test]
fn a_live_failure_knows_its_template() {
    let deployment = "charts/registry/templates/deployment.yaml rendered line";
    check_place("Pod/registry-6d-x", "ErrImageNeverPull: container registry: no", &format!("{deployment} 47"));
    check_place("Pod/registry-6d-x", "Unhealthy: Readiness probe failed: 404", &format!("{deployment} 52"));
    check_place("Deployment/registry", "0 of 1", &format!("{deployment} 30"));
    let claim = "charts/registry/templates/pvc.yaml rendered line 9";
    check_place("PersistentVolumeClaim/registry-data", "UnknownStorageClass: StorageClass \"x\"", claim);
}

#[test]
fn bad_values_are_refused_in_the_right_words() {
    let seen = |look| Observation { parts: vec![part(look)], ..Observation::default() };
    let name = "bad-values-are-refused";
    let answer = |refusal: Option<&str>| {
        let (what, refusal) = ("replicaCount=2".to_owned(), refusal.map(str::to_owned));
        seen(Ok(Seen::Refusals(vec![seatrial_observation::Answered { what, of: 0, refusal }])))
    };
    let said = answer(Some("Error: at '/replicaCount': maximum: got 2, want 1"));
    assert_eq!(judged(name, Some(&said)), "pass refused 1");
    let accepted = "fail mismatch: replicaCount=2: expected a refusal, seen accepted";
    assert_eq!(judged(name, Some(&answer(None))), accepted);
    assert_eq!(
        judged(name, Some(&answer(Some("Error: nil pointer")))),
        "fail mismatch: replicaCount=2: expected a refusal that says `replicaCount`, seen\nError: nil pointer"
    );
    let untried = "admission webhook \"w\" does not support dry run";
    let seen =
        "inconclusive missing: replicaCount=2: could not be tried: admission webhook \"w\" does not support dry run";
    assert_eq!(judged(name, Some(&answer(Some(untried)))), seen);
}

#[test]
fn cpu_is_compared_in_cores() {
    let clause = "{ usage: { of: namespace, cpu: '< 200m' } }";
    let pass = "pass cpu of namespace 0.15 cores, limit 0.2 cores, margin 0.05 cores (25 %), n 1";
    check(clause, &[(1.0, used(1, Some(150_000_000)))], pass);
    let seen = "fail mismatch: cpu of namespace: expected < 200m, seen 250m";
    check(clause, &[(1.0, used(1, Some(250_000_000)))], seen);
    check(clause, &[(1.0, used(1, None))], "inconclusive missing: cpu of namespace was not seen");
    let share = "{ usage: { of: namespace, cpu: '< 80% of limit' } }";
    let seen = "fail mismatch: cpu of namespace: expected < 80% of limit, seen 900m";
    check(share, &[(1.0, used(1, Some(900_000_000)))], seen);
    let both = "{ usage: { of: namespace, memory: '< 1MB', cpu: '< 1.5' } }";
    let seen = "fail mismatch: memory of namespace: expected < 1MB, seen 2.0 MB";
    check(both, &[(1.0, used(2_000_000, Some(1_400_000_000)))], seen);
}

#[test]
fn nothing_observed_is_never_a_pass() {
    let plan = sound();
    for slot in &plan.environments[0].slots {
        if !super::needs_observation(slot) {
            continue;
        }
        let nothing = Part { before: None, samples: Vec::new(), looks: 0, ended: Ended::Decided };
        let empty = Observation { parts: vec![nothing], ..Observation::default() };
        for observation in [None, Some(&Observation::default()), Some(&empty)] {
            let verdict = evaluate(&plan, &plan.environments[0], slot, observation);
            assert_eq!(verdict.kind, VerdictKind::Inconclusive, "{}", slot.id);
        }
    }
}

#[test]
fn what_is_prepared_and_done_must_go_through() {
    let mut observation = Observation::default();
    observation.actions.before_failed = Some(Reason::new("push refused"));
    let seen = judged("data-survives[reinstall]", Some(&observation));
    assert_eq!(seen, "inconclusive before: blocked by before: push refused");
    observation.unlooked = Some(Reason::new("no prober"));
    assert_eq!(judged("data-survives[reinstall]", Some(&observation)), "inconclusive apparatus: no prober");
}

/// The live breaks: one Fail in a slot that is looked at, all else passes or is blocked by it.
#[test]
fn a_live_break_fails_once() {
    for (broken, expected) in [("ready", 14), ("reachable[svc/registry:5000]", 6), ("push-and-pull", 2)] {
        let verdicts = run(&sound(), |_, slot| {
            let kind = if slot.id.local() == broken { VerdictKind::Fail } else { VerdictKind::Pass };
            Verdict { kind, cause: None, blocked_by: None, ..super::blocked(slot, "") }
        });
        assert_eq!(verdicts.iter().filter(|v| v.kind == VerdictKind::Fail).count(), 1);
        let blocked = verdicts.iter().filter(|v| v.blocked_by.as_ref().is_some_and(|by| by.0 == broken)).count();
        let others = verdicts.iter().filter(|v| v.kind == VerdictKind::Inconclusive).count();
        assert_eq!((blocked, others), (expected, expected), "{broken}");
    }
}

#[test]
fn default_clauses_say_what_to_look_at() {
    let plan = chart(RENDER, &CONTRACT.replace("leaves: [pvc/registry-data]", "object: { svc/registry: absent }"));
    let (environment, slot) = slot(&plan, "uninstall-leaves-nothing");
    let Check::Leaves(targets) = &phases(slot, environment)[0].check else { panic!("it judges what is left") };
    assert_eq!(targets.iter().map(ToString::to_string).collect::<Vec<_>>(), ["pvc/registry-data"]);
}

/// A check on one number, for the property below.
fn number(n: u64) -> Looked {
    match n {
        0 => objects("svc/x", vec![json!({ "metadata": { "name": "x" }, "n": 1 })]),
        1 => objects("svc/x", vec![json!({ "metadata": { "name": "x" }, "n": 2 })]),
        2 => Ok(Seen::Objects(vec![])),
        _ => error(),
    }
}

fn on_number(within: Option<u64>, for_: Option<u64>) -> Phase {
    let path = ObjectPath(vec![PathStep::Key("n".to_owned())]);
    let target = "svc/x".parse().expect("a target");
    let expected = vec![(target, vec![(path, crate::model::Expectation::Equal(json!(1)))])];
    Phase {
        within: within.map(|ms| Within { limit: Duration::from_millis(ms), is_of_ready: false, than: None }),
        for_: for_.map(Duration::from_millis),
        ..Phase::of(Check::Object(crate::model::ObjectExpectations(expected)))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// The verdict from the record is the one the watch had in mind.
    #[test]
    fn evaluate_agrees_with_the_watch(
        looks in prop::collection::vec((0_u64..4, 1_u64..4000), 1..60),
        within in prop::option::of(1_u64..20_000),
        for_ in prop::option::of(1_u64..10_000),
        has_event: bool,
    ) {
        let phase = on_number(within, for_);
        let mut at = 0.0;
        let samples: Vec<(f64, Looked)> = looks.iter().map(|(n, step)| {
            at += *step as f64;
            (at, number(*n))
        }).collect();
        let (part, watch, ended) = watched(&phase, &rules(has_event, None), &samples);
        let thought = watch.holds_at_end(&ended);
        let mut plan = sound();
        let slots = &mut plan.environments[0].slots;
        let index = slots.iter().position(|slot| slot.id.local() == "stays-up").expect("a slot");
        if let crate::model::What::Clause(clause) = &mut slots[index].what {
            clause.then = vec![phase.clone()];
            clause.when = if has_event { vec![crate::model::Event::Reinstall] } else { Vec::new() };
        }
        let slot = slots[index].clone();
        let observation = Observation { parts: vec![part], ..Observation::default() };
        let verdict = evaluate(&plan, &plan.environments[0], &slot, Some(&observation));
        prop_assert_eq!(verdict.kind == VerdictKind::Pass, thought, "{:?} {}", Mode::of(&phase, has_event), shown(&verdict));
    }
}
