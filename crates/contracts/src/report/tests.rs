//! Reports.

use super::{ExitFacts, exit_code, exit_codes, json, junit, schema, summary, text};
use crate::fixture::{CONTRACT, chart, mutated, run_files, sound};
use crate::model::{Measured, Verdict, VerdictKind};

fn broken() -> Vec<Verdict> {
    run_files(&chart(&mutated("targetPort: http", "targetPort: htp"), CONTRACT))
}

fn find<'v>(verdicts: &'v [Verdict], local: &str) -> &'v Verdict {
    verdicts.iter().find(|verdict| verdict.id.local() == local).expect("a verdict")
}

#[test]
fn a_fail_is_a_block_of_five_words() {
    let mut verdict = find(&broken(), "port-chain").clone();
    verdict.evidence = Some("target/seatrial/r1".to_owned());
    let expected = "\
FAIL registry::dev::port-chain
  broke  svc/registry port http → targetPort `htp`: expected a container port of deploy/registry, seen http=5000/TCP
  cause  port-chain: nothing would answer at that port
  where  charts/registry/templates/service.yaml:12 (rendered line 26)
  next   helm template registry charts/registry --show-only templates/service.yaml
         seatrial check charts/registry
  seen   target/seatrial/r1";
    assert_eq!(text(&verdict, false), expected);
    assert!(text(&verdict, true).starts_with("\u{1b}[31mFAIL\u{1b}[0m"));
}

#[test]
fn a_pass_shows_its_values() {
    let mut verdict = find(&run_files(&sound()), "memory").clone();
    verdict.measured = vec![Measured {
        what: "working set of namespace".to_owned(),
        value: 120.3e6,
        limit: Some(1e9),
        unit: "B".to_owned(),
        n: 40,
    }];
    let expected =
        "pass registry::dev::memory  working set of namespace 120.3 MB, limit 1000 MB, margin 879.7 MB (88 %), n 40";
    assert_eq!(text(&verdict, false), expected);
}

#[test]
fn what_is_blocked_is_folded() {
    let verdicts = broken();
    assert_eq!(text(find(&verdicts, "ready"), false), "blocked registry::dev::ready  blocked by port-chain");
    let seconds = [("install".to_owned(), 1.0), ("cluster".to_owned(), 15.25)];
    let expected = "blocked by registry::dev::port-chain: 25\n\
                    33 verdicts: 7 passed, 1 failed, 0 inconclusive, 25 blocked, 0 skipped\n\
                    time: 16.2 s (cluster 15.2 s, install 1.0 s)";
    assert_eq!(summary(&verdicts, &seconds, false), expected);
}

#[test]
fn the_json_report_keeps_its_schema() {
    let schema = schema();
    let report = json(&broken(), 10);
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(report["counts"]["fail"], 1);
    assert_eq!(report["verdicts"][12]["clause"], "objects");
    assert_eq!(report["verdicts"][12]["blockedBy"], "port-chain");
    assert!(!validator.is_valid(&serde_json::json!({ "schema": "seatrial.report/v2" })));
}

#[test]
fn the_checked_in_schema_is_the_generated_one() {
    let checked_in: serde_json::Value =
        serde_json::from_str(include_str!("../../../../docs/report.schema.json")).expect("JSON");
    assert_eq!(checked_in, schema());
}

#[test]
fn junit_escapes_and_counts() {
    let xml = junit(&broken());
    assert!(xml.contains("<testsuite name=\"registry::dev\" tests=\"33\" failures=\"1\" errors=\"25\" skipped=\"0\""));
    assert!(xml.contains("<testcase classname=\"registry::dev\" name=\"renders\" time=\"0.000\"/>"));
    let mut verdict = find(&broken(), "port-chain").clone();
    verdict.cause.as_mut().expect("a cause").message = "<a> & \"b\"\u{1b}".to_owned();
    assert!(junit(&[verdict]).contains("message=\"&lt;a&gt; &amp; &quot;b&quot;\u{fffd}\""));
}

#[test]
fn exit_codes_have_an_order() {
    let facts = ExitFacts::default();
    let passed = run_files(&sound());
    assert_eq!(exit_code(&passed, &facts), 0);
    assert_eq!(exit_codes(&broken(), &facts), [10]);
    assert_eq!(exit_code(&[], &facts), 12);
    let of = |kind: VerdictKind, is_advisory: bool| {
        let one = Verdict { kind, is_advisory, ..passed[0].clone() };
        exit_codes(&[passed[1].clone(), one], &facts)
    };
    assert_eq!(of(VerdictKind::Inconclusive, false), [11]);
    assert_eq!(of(VerdictKind::Skipped, false), [] as [i32; 0]);
    assert_eq!(of(VerdictKind::Fail, true), [] as [i32; 0]);
    assert_eq!(of(VerdictKind::Inconclusive, true), [] as [i32; 0]);
    let all = ExitFacts {
        is_bug: true,
        is_usage: true,
        is_contract_invalid: true,
        is_environment_down: true,
        is_clause_missing: true,
        is_cleanup_failed: true,
    };
    assert_eq!(exit_codes(&broken(), &all), [1, 2, 20, 10, 30, 12, 31]);
}
