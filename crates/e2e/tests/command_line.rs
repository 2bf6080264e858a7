//! What the program says and how it ends when it is called wrongly, or a contract is wrong. No cluster.

use e2e::Program;
use e2e::charts::{Copy, Edit};
use e2e::program::{root, tool};
use e2e::report;

const CONTRACT: &str = "contract.yaml";

fn program() -> Program {
    Program::at(env!("CARGO_BIN_EXE_seatrial-e2e"))
}

fn registry() -> Copy {
    Copy::of("pallet-registry")
}

/// Calls it in a copy and compares exit and words on standard error.
#[track_caller]
fn check(copy: &Copy, args: &[&str], code: i32, words: &[&str]) {
    let finished = program().in_dir(copy.root()).call(args);
    assert_eq!(finished.code, Some(code), "{args:?}\n{}{}", finished.stdout, finished.stderr);
    for word in words {
        assert!(finished.stderr.contains(word), "{args:?} does not say `{word}`:\n{}", finished.stderr);
    }
}

/// What a script reads is what the checked-in schema says.
#[track_caller]
fn check_document(verb: &str) {
    let finished = program().call(&[verb, "--format", "json"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let schema = std::fs::read_to_string(root().join(format!("docs/{verb}.schema.json"))).expect("the schema");
    let schema = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let document = report::document(&finished);
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?} in {document:#}");
}

#[test]
fn list_and_doctor_keep_their_schemas() {
    check_document("list");
    check_document("doctor");
}

#[test]
fn a_sound_chart_checks() {
    check(&registry(), &["check"], 0, &[]);
}

#[test]
fn a_mistyped_key_is_shown_with_line_and_column() {
    let edit = Edit { file: CONTRACT, from: "environments:", to: "enviroments:" };
    let copy = registry().with(edit);
    let text = std::fs::read_to_string(copy.path().join(CONTRACT)).expect("the contract");
    let line = 1 + text.lines().position(|line| line.starts_with("enviroments")).expect("the mistake");
    let place = format!("{CONTRACT}:{line}:1");
    check(&copy, &["check"], 20, &[&place, "unknown-key", "environments"]);
    check(&copy, &["plan", "pallet-registry"], 20, &[&place]);
    check(&copy, &["verify", "--tier", "static"], 20, &[&place]);
}

#[test]
fn all_mistakes_are_shown_at_once() {
    let copy = registry().with(Edit { file: CONTRACT, from: "clause: 30s", to: "clause: soon" }).with(Edit {
        file: CONTRACT,
        from: "in: dev\n    rendered",
        to: "in: staging\n    rendered",
    });
    check(&copy, &["check"], 20, &["soon", "staging"]);
}

#[test]
fn mistakes_are_there_for_machines_too() {
    let copy = registry().with(Edit { file: CONTRACT, from: "environments:", to: "enviroments:" });
    let finished = program().in_dir(copy.root()).call(&["check", "--format", "json"]);
    let document = report::document(&finished);
    assert_eq!(document["exit"], 20, "{document:#}");
    assert_eq!(document["diagnostics"][0]["code"], "unknown-key", "{document:#}");
}

#[test]
fn a_missing_tool_is_named_with_its_remedy() {
    let copy = registry();
    let (nothing, path) = (copy.root().join("no-cache"), copy.root().join("bin"));
    // By this the program ends with its test; it is all that the path holds.
    let setpriv = tool("sh", &["-c", "command -v setpriv"]);
    std::fs::create_dir(&path).expect("a folder");
    std::os::unix::fs::symlink(setpriv.trim(), path.join("setpriv")).expect("a link");
    let program = program().in_dir(copy.root()).env("PATH", path).env("SEATRIAL_CACHE", nothing);
    let finished = program.call(&["check"]);
    assert_eq!(finished.code, Some(30), "{}{}", finished.stdout, finished.stderr);
    assert!(finished.stderr.contains("helm") && finished.stderr.contains("setup"), "{}", finished.stderr);
}

#[test]
fn an_unknown_chart_is_a_mistake_in_the_command() {
    check(&registry(), &["check", "pallet-regsitry"], 2, &["pallet-regsitry", "pallet-registry"]);
}

#[test]
fn an_unknown_verb_is_a_mistake_in_the_command() {
    check(&registry(), &["chekc"], 2, &["check"]);
}

#[test]
fn no_clause_selected_is_no_pass() {
    check(&registry(), &["verify", "--clause", "no-such-clause"], 12, &["no-such-clause"]);
    check(&registry(), &["verify", "-e", "no-such-environment"], 12, &["no-such-environment"]);
}

#[test]
fn a_clause_removed_from_a_contract_is_missed() {
    let copy = registry();
    check(&copy, &["plan", "--lock"], 0, &[]);
    check(&copy, &["check"], 0, &[]);
    let line = "  port-is-open: { covers: HAR-005, tcp: svc/registry:http }\n";
    let copy = copy.with(Edit { file: CONTRACT, from: line, to: "" });
    check(&copy, &["check"], 12, &["pallet-registry::dev::port-is-open", "pallet-registry::prod::port-is-open"]);
}

#[test]
fn json_stands_alone_on_standard_output() {
    let copy = registry();
    for args in
        [&["check", "--format", "json"][..], &["plan", "--format", "json"], &["schema"], &["list", "--format", "json"]]
    {
        let finished = program().in_dir(copy.root()).call(args);
        assert_eq!(finished.code, Some(0), "{args:?} {}", finished.stderr);
        report::document(&finished);
    }
    let finished = program().in_dir(copy.root()).call(&["check"]);
    assert_eq!(finished.stdout, "", "texts for people go to standard error");
    assert!(!finished.stderr.contains('\u{1b}'), "no colours where there is no terminal");
}

#[test]
fn the_report_has_the_promised_form() {
    let copy = registry();
    let report = copy.root().join("report.json");
    let junit = copy.root().join("junit.xml");
    let args =
        ["verify", "--tier", "static", "--format", "json", "--report", report.as_str(), "--junit", junit.as_str()];
    let finished = program().in_dir(copy.root()).call(&args);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let document = report::document(&finished);
    assert_eq!(document["schema"], "seatrial.report/v1");
    assert_eq!(document["exit"], 0);
    let verdicts = report::verdicts(&document);
    assert!(verdicts.iter().all(|line| line.verdict == "pass"), "{verdicts:#?}");
    let written: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(report).expect("report")).expect("JSON");
    assert_eq!(written, document);
    let junit = std::fs::read_to_string(junit).expect("junit");
    assert_eq!(junit.matches("<testcase").count(), verdicts.len(), "{junit}");
}
