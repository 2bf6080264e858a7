//! Plans: names, order and prerequisites.

use crate::fixture::{CONTRACT, RENDER, chart, planned, slot, sound};
use crate::model::{Class, Level, What};
use crate::plan::skip_where;

const HEAD: &str = "apiVersion: seatrial.dev/v1\nkind: Contract\nchart: .\n";

#[test]
fn every_slot_has_its_prerequisites() {
    let plan = sound();
    let lines: Vec<String> = plan.environments[0]
        .slots
        .iter()
        .map(|slot| format!("{} {:?} {:?} <- {}", slot.id.local(), slot.level, slot.class, slot.after.join(" ")))
        .collect();
    let expected = include_str!("../fixture/plan.txt");
    assert_eq!(lines.join("\n"), expected.trim_end());
}

/// The slot's `after` in the plan of a contract.
fn check(clauses: &str, local: &str, expected: &str) {
    let plan = chart(RENDER, &format!("{HEAD}clauses:\n{clauses}"));
    assert_eq!(slot(&plan, local).1.after.join(" "), expected);
}

#[test]
fn after_and_holds_add_prerequisites() {
    let first = "  first: { tcp: svc/registry:http }\n";
    let reach = "named[svc/registry] ready reachable[svc/registry:5000]";
    check(first, "first", reach);
    check(&format!("{first}  x: {{ tcp: svc/registry:5000, after: [first] }}\n"), "x", &format!("{reach} first"));
    check(&format!("{first}  x: {{ holds: first }}\n"), "x", "ready first");
}

#[test]
fn a_port_that_is_to_refuse_need_not_be_there() {
    check("  x: { tcp: { to: svc/registry:81, expect: refused } }\n", "x", "named[svc/registry] ready");
}

#[test]
fn what_is_applied_need_not_be_rendered_and_goes_alone() {
    let clause = "  x: { before: { apply: x.yaml }, object: { sts/sample: { spec.replicas: 3 } } }\n";
    check(clause, "x", "ready");
    let plan = chart(RENDER, &format!("{HEAD}clauses:\n{clause}"));
    assert_eq!(slot(&plan, "x").1.class, Class::Disturb);
    check("  x: { object: { deploy/registry: { spec.replicas: 3 } } }\n", "x", "named[deploy/registry] ready");
}

#[test]
fn what_a_need_brings_is_asked_of_no_render() {
    let needs = "needs: { mail: { container: { image: 'mail:1', port: 2525 } } }\n";
    let plan =
        chart(RENDER, &format!("{HEAD}{needs}clauses:\n  x: {{ tcp: svc/mail:2525 }}\n  y: {{ tcp: svc/post:1 }}\n"));
    assert_eq!(slot(&plan, "x").1.after, ["ready"]);
    assert_eq!(slot(&plan, "y").1.after, ["named[svc/post]", "ready", "reachable[svc/post]"]);
}

#[test]
fn an_upgrade_from_the_last_release_is_skipped_where_there_is_none() {
    let clause = |event: &str| format!("{HEAD}clauses:\n  x: {{ when: {event}, http: svc/registry:http/v2/ }}\n");
    let skip = |event: &str| slot(&chart(RENDER, &clause(event)), "x").1.skip.clone().map(|skip| skip.reason);
    assert!(
        skip("{ upgrade: { from: last-release } }")
            .is_some_and(|reason| reason.starts_with("there is no last release"))
    );
    assert_eq!(skip("upgrade"), None);
}

#[test]
fn holds_after_an_event_looks_for_itself() {
    let first = "  first: { then: [{ tcp: svc/registry:http }, { restarts: { deploy/registry: 0 } }] }\n";
    let held = |rest: &str| {
        let plan = chart(RENDER, &format!("{HEAD}clauses:\n{first}  x: {{ holds: first{rest} }}\n"));
        let slot = slot(&plan, "x").1.clone();
        let What::Clause(clause) = slot.what else { panic!("a clause") };
        (slot.class, clause.then.len(), clause.then[0].within.is_some(), slot.after.contains(&"first".to_owned()))
    };
    assert_eq!(held(""), (Class::Look, 1, false, true));
    assert_eq!(held(", when: { restart: deploy/registry }, within: 5s of ready"), (Class::Disturb, 2, true, true));
    assert_eq!(held(", from: host"), (Class::Look, 2, false, true));
}

#[test]
fn an_advisory_clause_is_no_gate() {
    let plan = chart(RENDER, &format!("{HEAD}clauses:\n  x: {{ objects: {{ Pod: 1 }}, advisory: true }}\n"));
    assert!(!slot(&plan, "installs").1.after.contains(&"x".to_owned()));
}

#[test]
fn a_written_clause_takes_the_place_of_a_default_one() {
    let plan = chart(
        RENDER,
        &format!("{HEAD}clauses:\n  nothing-restarts: {{ restarts: {{ deploy/registry: 0 }}, for: 5s }}\n"),
    );
    let all: Vec<_> = plan.environments[0].slots.iter().filter(|s| s.id.clause == "nothing-restarts").collect();
    assert_eq!(all.len(), 1);
    assert!(matches!(all[0].what, What::Clause(_)));
}

#[test]
fn a_name_of_an_implicit_clause_is_refused() {
    let text = planned(&Ok(RENDER.to_owned()), &format!("{HEAD}clauses:\n  ready: {{ ready: release }}\n"));
    assert!(text.is_err_and(|text| text.contains("ready")));
}

#[test]
fn an_environment_is_cut_at_its_level() {
    let contract = CONTRACT.replace("dev: {}", "dev: { upTo: live }");
    let plan = chart(RENDER, &contract);
    assert!(plan.environments[0].slots.iter().all(|slot| slot.level <= Level::Live));
    assert!(plan.environments[0].slots.iter().any(|slot| slot.id.clause == "push-and-pull"));
}

#[test]
fn classes_run_one_after_the_other() {
    let plan = sound();
    let classes: Vec<Class> = plan.environments[0].slots.iter().map(|slot| slot.class).collect();
    assert!(classes.is_sorted());
}

#[test]
fn a_skip_is_handed_on() {
    let clauses =
        "  oras: { run: { command: [x], requires: [oras] } }\n  next: { tcp: svc/registry:http, after: [oras] }\n";
    let mut plan = chart(RENDER, &format!("{HEAD}clauses:\n{clauses}"));
    skip_where(&mut plan, |slot| (slot.id.clause == "oras").then(|| "oras is not on PATH".to_owned()));
    let reason = |local: &str| slot(&plan, local).1.skip.as_ref().map(|skip| skip.reason.clone());
    assert_eq!(reason("oras").as_deref(), Some("oras is not on PATH"));
    assert_eq!(reason("next").as_deref(), Some("needs oras: oras is not on PATH"));
    assert_eq!(reason("ready"), None);
}

#[test]
fn an_expired_skip_fails_in_its_own_words() {
    let clauses = "  x: { tcp: svc/registry:http, skip: { reason: later, until: 2026-01-31 } }\n";
    let plan = chart(RENDER, &format!("{HEAD}clauses:\n{clauses}"));
    let (environment, slot) = slot(&plan, "x");
    let verdict = crate::judge::judge_static(&plan, environment, slot);
    let message = verdict.cause.map(|cause| cause.message);
    assert_eq!(message.as_deref(), Some("the skip ended on 2026-01-31; its reason was: later"));
}

#[test]
fn a_default_clause_can_be_switched_off_and_no_other() {
    let off = |name: &str| format!("{HEAD}without: {{ {name}: not today }}\n");
    let plan = chart(RENDER, &off("images"));
    assert!(plan.environments[0].slots.iter().all(|slot| slot.id.clause != "images"));
    assert!(planned(&Ok(RENDER.to_owned()), &off("imagers")).is_err_and(|text| text.contains("imagers")));
}

#[test]
fn a_service_that_is_not_there_is_asked_for_once() {
    let render = RENDER.replace("Service\nmetadata:\n  name: registry\n", "Service\nmetadata:\n  name: registri\n");
    let plan = chart(&render, CONTRACT);
    let reached: Vec<String> =
        plan.environments[0].slots.iter().filter(|s| s.id.clause == "reachable").map(|s| s.id.local()).collect();
    assert_eq!(reached, ["reachable[svc/registry]"]);
    for local in ["v2-answers", "names-resolve", "push-and-pull"] {
        assert!(slot(&plan, local).1.after.contains(&reached[0]), "{local}");
    }
}

#[test]
fn what_differs_for_the_trial_is_printed_with_every_verdict() {
    let contract = format!(
        "{HEAD}environments: {{ dev: {{ trial: {{ service.port: 5001 }} }} }}\nclauses:\n  x: {{ objects: {{ Pod: 1 }} }}\n"
    );
    let plan = chart(RENDER, &contract);
    assert_eq!(plan.environments[0].set["service.port"], 5001);
    for local in ["renders", "x"] {
        let (environment, slot) = slot(&plan, local);
        let verdict = crate::judge::judge_static(&plan, environment, slot);
        assert_eq!(verdict.trial, ["service.port=5001"], "{local}");
        assert!(crate::report::text(&verdict, false).contains("(trial: service.port=5001)"), "{local}");
    }
}

#[test]
fn an_expression_is_judged_on_the_files() {
    let judged = |cel: &str| {
        let clauses = format!("  x: {{ rendered: {{ deploy/registry: {{ cel: \"{cel}\" }} }} }}\n");
        let plan = chart(RENDER, &format!("{HEAD}clauses:\n{clauses}"));
        let (environment, slot) = slot(&plan, "x");
        let verdict = crate::judge::judge_static(&plan, environment, slot);
        verdict.cause.map(|cause| cause.message)
    };
    assert_eq!(judged("object.kind == 'Deployment'"), None);
    let message = judged("object.kind == 'Job'").expect("it is false");
    assert!(message.starts_with("deploy/registry: expected cel `object.kind == 'Job'`, seen false for"), "{message}");
    let message = judged("object.nothing.here == 1").expect("it can't be told");
    assert!(message.contains("no answer (No such key: nothing)"), "{message}");
}
