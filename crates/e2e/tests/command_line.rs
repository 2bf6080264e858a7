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

/// What compares environments looks at those, too, of which no verdict is asked for.
#[test]
fn environments_are_compared_where_one_is_chosen() {
    let alike = || registry().with_clauses("clauses:\n  alike: { same: [dev, prod] }\n");
    let args = ["check", "-e", "dev", "--clause", "alike"];
    check(&alike(), &args, 0, &[]);
    let more = "\nspec:\n{{ if eq .Values.persistence.size \"100Mi\" }}\n  sessionAffinity: None\n{{ end }}\n";
    check(&alike().edited("templates/service.yaml", "\nspec:\n", more), &args, 10, &[]);
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
fn a_clause_is_explained_with_all_that_is_not_written() {
    let copy = registry();
    let explain = |words: &[&str]| {
        let finished = program().in_dir(copy.root()).call(&[&["explain", "-e", "dev"], words].concat());
        assert_eq!(finished.code, Some(0), "{words:?} {}", finished.stderr);
        finished
    };
    let text = |words: &[&str]| explain(words).stderr;
    let clause = text(&["v2-answers"]);
    for word in ["pallet-registry::dev::v2-answers", "contract.yaml:", "level     live", "class     look", "after     "]
    {
        assert!(clause.contains(word), "no `{word}` in\n{clause}");
    }
    let element = text(&["data-survives[pod-deletion]"]);
    assert!(element.contains("class     disturb") && !element.contains("reinstall"), "{element}");
    assert!(text(&["port-chain"]).contains("a default clause"));
    assert!(text(&["installs"]).contains("an implicit clause"));
    let document = report::document(&explain(&["v2-answers", "--format", "json"]));
    assert_eq!(document["schema"], "seatrial.explain/v1", "{document:#}");
    let [clause] = &document["clauses"].as_array().expect("a list")[..] else { panic!("{document:#}") };
    assert_eq!((&clause["clause"], &clause["environment"]), (&"v2-answers".into(), &"dev".into()));
    assert!(clause["filledIn"]["then"][0].is_object() && clause["timeouts"]["ready"].is_number(), "{clause:#}");
    check(&copy, &["explain", "v2-ansers"], 12, &["there is no clause `v2-ansers`", "seatrial plan"]);
}

#[test]
fn a_baseline_lets_old_findings_be_and_no_new_one() {
    let broken = Edit { file: "templates/service.yaml", from: "targetPort: http", to: "targetPort: web" };
    let copy = registry().with(broken);
    let around = copy.root().join("seatrial.yaml");
    let told = "FAIL pallet-registry::dev::port-chain";
    check(&copy, &["check"], 10, &[told]);
    check(&copy, &["check", "--baseline-write"], 2, &["no baseline is named", "baseline: .seatrial-baseline.yaml"]);
    let text = "apiVersion: seatrial.dev/v1\nkind: Repository\nbaseline: .seatrial-baseline.yaml\n";
    std::fs::write(&around, text).expect("the repository file");
    check(&copy, &["check"], 10, &[told]);
    check(&copy, &["check", "--baseline-write"], 0, &["3 known findings in"]);
    let known = std::fs::read_to_string(copy.root().join(".seatrial-baseline.yaml")).expect("the baseline");
    assert!(known.contains("pallet-registry::dev::port-chain") && known.contains("targetPort `web`"), "{known}");
    // It is shown and gates no more, in whatever environment.
    check(&copy, &["check"], 0, &[told, "FAIL pallet-registry::prod::port-chain"]);
    let copy = copy.with(Edit { to: "targetPort: wep", from: "targetPort: web", ..broken });
    check(&copy, &["check"], 10, &[told, "`wep`"]);
    let copy = copy.with(Edit { to: "targetPort: http", from: "targetPort: wep", ..broken });
    check(&copy, &["check", "--baseline-write"], 0, &["0 known findings in"]);
    check(&copy, &["check", "--baseline-write", "-e", "dev"], 2, &["cannot be used with"]);
}

/// A context that `seatrial.yaml` denies: it is told before anybody speaks to its server.
#[test]
fn a_denied_context_is_never_asked() {
    let copy = registry();
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    server.set_nonblocking(true).expect("a port that does not wait");
    let port = server.local_addr().expect("its address").port();
    let config = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: production\ncontexts: [{{ name: production, context: {{ cluster: c, user: u }} \
         }}]\nclusters: [{{ name: c, cluster: {{ server: 'http://127.0.0.1:{port}' }} }}]\nusers: [{{ name: u, user: {{}} }}]\n"
    );
    std::fs::write(copy.root().join("kubeconfig"), &config).expect("a kubeconfig");
    let text = "apiVersion: seatrial.dev/v1\nkind: Repository\ncontexts: { deny: [prod*] }\n";
    std::fs::write(copy.root().join("seatrial.yaml"), text).expect("the repository file");
    // A run of its own: that this one has no cluster is remembered for all of its processes.
    let program = program().in_dir(copy.root()).env("SEATRIAL_RUN", "denied00");
    let program = program.env("KUBECONFIG", copy.root().join("kubeconfig"));
    let finished = program.call(&["verify", "--provider", "existing", "-e", "dev", "--clause", "v2-answers"]);
    assert_eq!(finished.code, Some(30), "{}{}", finished.stdout, finished.stderr);
    let told = "the context `production` may not be used: `contexts.deny` of seatrial.yaml has `prod*`";
    assert!(finished.stderr.contains(told), "{}", finished.stderr);
    let asked = server.accept().map(|(_, from)| from).map_err(|error| error.kind());
    assert_eq!(asked, Err(std::io::ErrorKind::WouldBlock), "the server was asked");
    let after = std::fs::read_to_string(copy.root().join("kubeconfig")).expect("the kubeconfig");
    assert_eq!(after, config);
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
