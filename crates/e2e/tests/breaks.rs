//! The registry broken in eight ways, and sound: the JSON report names exactly the one clause that is broken, and why.
//!
//! Breaks that the static tier finds are judged again by the live tier alone, so that the live detector is proved too.

use e2e::Program;
use e2e::charts::{Copy, Edit};
use e2e::evidence::Evidence;
use e2e::report::{self, Line};
use rstest::rstest;
use serde_json::Value;

const SERVICE: &str = "templates/service.yaml";
const DEPLOYMENT: &str = "templates/deployment.yaml";

/// The live tier alone, and of that no more than shows the break: disturbing a broken release tells nothing new.
const LIVE: [&str; 4] = ["--tier", "live", "--up-to", "live"];

/// How long after Helm's end the failing verdict may come.
const PROMPT: f64 = 10.0;

/// What one call of the program came to.
struct Judged {
    code: Option<i32>,
    document: Value,
    verdicts: Vec<Line>,
}

/// Judges a copy.
fn verify(copy: &Copy, args: &[&str]) -> Judged {
    let path = copy.path();
    let common = ["verify", path.as_str(), "-e", "dev", "--format", "json"];
    // Without nextest nothing else keeps the cluster for the next break.
    let keep: &[&str] = if is_in_nextest() { &[] } else { &["--keep", "3m"] };
    let finished = program().call(&[&common[..], args, keep].concat());
    let document = report::document(&finished);
    Judged { code: finished.code, verdicts: report::verdicts(&document), document }
}

/// Inside a nextest run its cluster is shared; without nextest the breaks share one that is kept for a while.
fn program() -> Program {
    let program = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e"));
    if is_in_nextest() { program } else { program.env("SEATRIAL_RUN", "breaks00") }
}

fn is_in_nextest() -> bool {
    std::env::var_os("NEXTEST_RUN_ID").is_some()
}

/// One Fail, of this clause, with this in its cause; everything else passes or is blocked by it.
#[track_caller]
fn check_broken<'j>(judged: &'j Judged, (clause, words): (&str, &str)) -> &'j Line {
    let verdicts = &judged.verdicts;
    let failed: Vec<&Line> = verdicts.iter().filter(|line| line.verdict == "fail").collect();
    assert_eq!(failed.len(), 1, "exactly one clause fails: {:#?}", interesting(verdicts));
    assert!(failed[0].id.ends_with(&format!("::dev::{clause}")), "{clause} fails, not {:#?}", failed[0]);
    assert!(failed[0].cause.contains(words), "the cause says `{words}`: {}", failed[0].cause);
    let is_explained = |line: &&Line| line.verdict == "pass" || line.verdict == "fail" || line.blocked_by.is_some();
    let loose: Vec<&Line> = verdicts.iter().filter(|line| !is_explained(line)).collect();
    assert!(loose.is_empty(), "neither passed nor blocked: {loose:#?}");
    assert_eq!(judged.code, Some(10));
    failed[0]
}

/// The same, and the verdict came soon after Helm's end.
#[track_caller]
fn check_broken_soon(copy: &Copy, judged: &Judged, expected: (&str, &str)) {
    let failed = check_broken(judged, expected);
    let evidence = Evidence::of(&judged.document);
    let helm = &evidence.helm_ends(&copy.path())[0];
    let after = (evidence.judged(helm.pid, &failed.id, "fail") - helm.at).total(jiff::Unit::Second);
    let after = after.expect("seconds");
    assert!(after <= PROMPT, "{} failed {after:.1} s after Helm's end, more than {PROMPT} s", failed.id);
}

fn interesting(verdicts: &[Line]) -> Vec<&Line> {
    verdicts.iter().filter(|line| line.verdict != "pass").collect()
}

/// Found in the files; then again, by looking at the cluster only.
#[rstest]
#[case::wrong_target_port(
    Edit { file: SERVICE, from: "targetPort: http", to: "targetPort: 5001" },
    ("port-chain", "5001"),
    ("reachable[svc/registry:5000]", "refused")
)]
#[case::selector_matches_nothing(
    Edit { file: SERVICE, from: r#"{{- include "pallet-registry.selectorLabels" . | nindent 4 }}"#, to: "{ app: nobody }" },
    ("selectors", "nobody"),
    ("reachable[svc/registry:5000]", "")
)]
#[case::node_port_out_of_range(
    Edit { file: SERVICE, from: "nodePort: {{ .Values.service.nodePort }}", to: "nodePort: 40000" },
    ("node-ports", "40000"),
    ("installs", "40000")
)]
#[case::service_renamed(
    Edit { file: SERVICE, from: r#"{{ include "pallet-registry.fullname" . }}"#, to: r#"{{ include "pallet-registry.fullname" . }}-web"# },
    ("named[svc/registry]", "svc/registry-web"),
    ("reachable[svc/registry]", "does not resolve")
)]
fn found_in_the_files_and_in_the_cluster(
    #[case] edit: Edit,
    #[case] in_the_files: (&str, &str),
    #[case] in_the_cluster: (&str, &str),
) {
    let copy = Copy::of("pallet-registry").with(edit);
    check_broken(&verify(&copy, &[]), in_the_files);
    check_broken_soon(&copy, &verify(&copy, &LIVE), in_the_cluster);
}

/// Only a cluster can tell.
#[rstest]
#[case::image_does_not_exist(
    Edit { file: "values.yaml", from: "repository: registry", to: "repository: nowhere.invalid/registry" },
    ("ready", "nowhere.invalid/registry")
)]
#[case::readiness_on_a_wrong_path(
    Edit { file: DEPLOYMENT, from: "readinessProbe:\n            httpGet: { path: {{ .Values.probes.path }}", to: "readinessProbe:\n            httpGet: { path: /nope" },
    ("ready", "404")
)]
#[case::unknown_storage_class(
    Edit { file: "values.yaml", from: "storageClassName: null", to: "storageClassName: no-such-class" },
    ("ready", "no-such-class")
)]
#[case::registry_is_read_only(
    Edit { file: DEPLOYMENT, from: "          env:\n", to: "          env:\n            - { name: REGISTRY_STORAGE_MAINTENANCE_READONLY, value: '{\"enabled\":true}' }\n" },
    ("push-and-pull", "405")
)]
fn found_in_the_cluster(#[case] edit: Edit, #[case] expected: (&str, &str)) {
    let copy = Copy::of("pallet-registry").with(edit);
    check_broken_soon(&copy, &verify(&copy, &LIVE), expected);
}

#[test]
fn the_sound_chart_keeps_every_promise() {
    // What measures and disturbs it is judged by the tests of its clauses in the same run.
    let judged = verify(&Copy::of("pallet-registry"), &["--up-to", "live"]);
    assert_eq!(interesting(&judged.verdicts), Vec::<&Line>::new());
    assert_eq!(judged.code, Some(0));
}
