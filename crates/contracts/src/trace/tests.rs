//! Rows and what they come to: a table, verdicts and tests in, the lines of the text out.

use super::*;
use crate::fixture::{RENDER, chart, run_files};
use crate::model::{Measured, Verdict, VerdictKind};
use std::collections::{BTreeMap, BTreeSet};

const CONTRACT: &str = "apiVersion: seatrial.dev/v1
kind: Contract
chart: .
environments: { dev: {}, prod: {} }
clauses:
  exposure: { covers: PAL-008, rendered: { svc/registry: { spec.type: NodePort } } }
  memory: { covers: PAL-043, advisory: true, usage: { of: namespace, memory: \"< 1GB\" }, for: 20s }
";

const TABLE: &str = "
notApplicable:
  PAL-074: { why: no Python is kept }
  PAL-076: { why: no such machine, part: macOS }
clauses: { HAR-005: ['registry::port-chain'] }
tests:
  PAL-070: [{ test: e2e::life up, broken: e2e::life cut }]
  PAL-071: [{ test: seatrial health::tests::form }]
mutations:
  cluster-ip:
    rows: [PAL-008, HAR-005]
    chart: registry
    in: dev
    edits: [{ file: values.yaml, from: NodePort, to: ClusterIP }]
    breaks: { clause: exposure, saying: ClusterIP }
";

/// What a test changes of a run in which all passed and the mutation was killed.
#[derive(Default)]
struct Change {
    verdict: Option<(&'static str, VerdictKind)>,
    is_unrecorded: bool,
    tests: Vec<(&'static str, Ended)>,
    mutation: Option<Ended>,
}

#[track_caller]
fn check(row: &str, change: &Change, expected: &str) {
    let plan = chart(RENDER, CONTRACT);
    let rows: BTreeSet<String> =
        ["HAR-005", "PAL-008", "PAL-043", "PAL-070", "PAL-071", "PAL-074", "PAL-076", "PAL-099"]
            .map(str::to_owned)
            .into();
    let table = Table::parse(TABLE, &rows).expect("the table");
    let tests = change.tests.iter().map(|(name, ended)| ((*name).to_owned(), test(name, *ended))).collect();
    let verdicts = if change.is_unrecorded { BTreeMap::new() } else { verdicts(&plan, change.verdict) };
    let ended = change.mutation.unwrap_or(Ended::Killed);
    let kill = Witness { kind: Kind::Mutation, name: "cluster-ip".into(), result: ended, detail: None };
    let mutations = BTreeMap::from([("cluster-ip".to_owned(), kill)]);
    let plans = [plan];
    let inputs =
        Inputs { rows: &rows, table: &table, plans: &plans, verdicts: &verdicts, tests: &tests, mutations: &mutations };
    let judged = judge(&inputs);
    let of_row: Vec<Row> = judged.into_iter().filter(|judged| judged.id == row).collect();
    let text = text(&of_row);
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("1 rows")).map(str::trim).collect();
    assert_eq!(lines.join("\n"), expected);
}

fn test(name: &str, ended: Ended) -> TestSeen {
    TestSeen { name: name.to_owned(), ended }
}

fn verdicts(plan: &crate::model::ChartPlan, change: Option<(&str, VerdictKind)>) -> BTreeMap<String, Verdict> {
    let mut all = BTreeMap::new();
    for environment in &plan.environments {
        let one = crate::model::ChartPlan { environments: vec![environment.clone()], ..plan.clone() };
        for mut verdict in run_files(&one) {
            if let Some((_, kind)) = change.filter(|(name, _)| *name == verdict.id.to_string()) {
                let (what, unit) = ("working set".to_owned(), "B".to_owned());
                verdict.kind = kind;
                verdict.measured = vec![Measured { what, value: 1.5e9, limit: Some(1e9), unit, n: 7 }];
            }
            all.insert(verdict.id.to_string(), verdict);
        }
    }
    all
}

#[test]
fn a_row_is_proved_by_a_clause_and_its_mutation() {
    let expected = "proved         PAL-008\npass clause registry::exposure\nkilled mutation cluster-ip";
    check("PAL-008", &Change::default(), expected);
}

#[test]
fn a_mutation_that_survives_or_was_not_tried_proves_nothing() {
    let survived = Change { mutation: Some(Ended::Survived), ..Change::default() };
    check("PAL-008", &survived, "claimed        PAL-008\npass clause registry::exposure\nsurvived mutation cluster-ip");
    let untried = Change { mutation: Some(Ended::Unknown), ..Change::default() };
    check("PAL-008", &untried, "claimed        PAL-008\npass clause registry::exposure\nunknown mutation cluster-ip");
}

#[test]
fn what_did_not_run_proves_nothing() {
    let change = Change { is_unrecorded: true, ..Change::default() };
    let expected = "claimed        PAL-008\n\
        unknown clause registry::exposure: no run of registry::dev::exposure is recorded\nkilled mutation cluster-ip";
    check("PAL-008", &change, expected);
}

#[test]
fn a_mutation_of_another_clause_proves_nothing() {
    check("HAR-005", &Change::default(), "claimed        HAR-005\npass clause registry::port-chain");
}

#[test]
fn one_environment_that_fails_is_enough() {
    let change = Change { verdict: Some(("registry::prod::exposure", VerdictKind::Fail)), ..Change::default() };
    let expected = "failing        PAL-008\n\
        fail clause registry::exposure: working set 1500 MB, limit 1000 MB, margin -500 MB (-50 %), n 7\n\
        killed mutation cluster-ip";
    check("PAL-008", &change, expected);
}

#[test]
fn an_advisory_clause_over_budget_fails_its_row() {
    let change = Change { verdict: Some(("registry::dev::memory", VerdictKind::Fail)), ..Change::default() };
    let expected = "failing        PAL-043\n\
        fail clause registry::memory: working set 1500 MB, limit 1000 MB, margin -500 MB (-50 %), n 7";
    check("PAL-043", &change, expected);
}

#[test]
fn what_was_skipped_everywhere_is_skipped() {
    let change = Change { tests: vec![("seatrial health::tests::form", Ended::Skipped)], ..Change::default() };
    check("PAL-071", &change, "skipped        PAL-071\nskipped test seatrial health::tests::form");
}

#[test]
fn a_test_is_proof_with_its_broken_input() {
    let both = |broken| vec![("e2e::life up::case_1_kind", Ended::Pass), ("e2e::life cut", broken)];
    let sound = Change { tests: both(Ended::Pass), ..Change::default() };
    check("PAL-070", &sound, "proved         PAL-070\npass test e2e::life up\nkilled mutation e2e::life cut");
    let silent = Change { tests: both(Ended::Fail), ..Change::default() };
    check("PAL-070", &silent, "claimed        PAL-070\npass test e2e::life up\nsurvived mutation e2e::life cut");
}

#[test]
fn a_test_without_a_record_or_a_broken_input_is_a_claim() {
    let expected = "claimed        PAL-071\n\
        unknown test seatrial health::tests::form: no run on these sources is recorded";
    check("PAL-071", &Change::default(), expected);
    let change = Change { tests: vec![("seatrial health::tests::form", Ended::Pass)], ..Change::default() };
    check("PAL-071", &change, "claimed        PAL-071\npass test seatrial health::tests::form");
}

#[test]
fn a_decision_takes_out_a_row_or_a_part_of_it() {
    let whole = "not-applicable PAL-074\nnot-applicable decision requirements: no Python is kept";
    check("PAL-074", &Change::default(), whole);
    let part = "open           PAL-076\nnot-applicable decision requirements: macOS: no such machine";
    check("PAL-076", &Change::default(), part);
}

#[test]
fn what_nothing_names_is_open() {
    check("PAL-099", &Change::default(), "open           PAL-099");
}

#[test]
fn a_row_that_is_none_is_refused() {
    let refused = Table::parse("tests: { PAL-999: [{ test: a b }] }", &BTreeSet::new());
    assert_eq!(refused, Err(TableError::Unknown(vec!["PAL-999".to_owned()])));
}

#[test]
fn nextests_record_is_read() {
    let xml = r#"<testsuites name="nextest-run"><testsuite name="e2e::life" tests="4">
        <testcase name="up" classname="e2e::life" timestamp="x" time="1.5"><system-out>&lt;failure </system-out></testcase>
        <testcase name="a &lt;b&gt;" classname="e2e::life" time="0"><failure type="test failure">x</failure></testcase>
        <testcase name="c" classname="e2e::life"/>
        <testcase name="d" classname="e2e::life"><skipped/></testcase>
        </testsuite></testsuites>"#;
    let seen: Vec<(String, Ended)> = tests_of_junit(xml).into_iter().map(|test| (test.name, test.ended)).collect();
    let expected = [("up", Ended::Pass), ("a <b>", Ended::Fail), ("c", Ended::Pass), ("d", Ended::Skipped)];
    assert_eq!(seen, expected.map(|(name, ended)| (format!("e2e::life {name}"), ended)));
}

#[test]
fn the_json_keeps_its_schema() {
    let by = vec![Witness { kind: Kind::Clause, name: "a::b".into(), result: Ended::Pass, detail: None }];
    let rows = [Row { id: "PAL-001".into(), state: State::Claimed, by }];
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    assert!(validator.is_valid(&json(&rows)));
    assert!(!validator.is_valid(&serde_json::json!({ "schema": "seatrial.trace/v1", "rows": [{ "id": "x" }] })));
}
