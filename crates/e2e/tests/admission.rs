//! The API tier: what the files can't tell and the API server refuses, by name and place; and stub CRDs, which only a
//! trial's own cluster gets.

use camino::Utf8Path;
use e2e::Program;
use e2e::charts::Copy;
use e2e::foreign::Cluster;
use e2e::kill::until;
use e2e::program::root;
use e2e::report;
use serde_json::Value;
use std::time::Duration;

/// File in the chart, line, and how the finding begins.
type Refusal = (&'static str, u64, &'static str);

/// Chart → what is refused of it.
const REFUSED: [(&str, &[Refusal]); 3] = [
    (
        "policy",
        &[(
            "templates/deployment.yaml",
            1,
            "deploy/crane: refused: deployments.apps \"crane\" is forbidden: ValidatingAdmissionPolicy 'few-replicas' with \
             binding 'few-replicas' denied request: no more than three cranes on this quay",
        )],
    ),
    (
        "quota",
        &[
            ("templates/service.yaml", 6, "svc/crane: refused: services \"crane\" is forbidden: exceeded quota: small"),
            ("templates/deployment.yaml", 18, "pods of deploy/crane: refused: pods"),
        ],
    ),
    ("custom", &[("templates/mooring.yaml", 7, "mooring/first: refused: Mooring in version")]),
];

/// With a policy, a quota and a CRD of its own.
fn cluster() -> Cluster {
    let cluster = Cluster::new();
    cluster.kubectl(&["wait", "--for=condition=Ready", "node", "--all", "--timeout=120s"]);
    cluster.apply(&std::fs::read_to_string(root().join("crates/e2e/fixtures/admission/cluster.yaml")).expect("YAML"));
    until("a quota that counts", Duration::from_mins(1), || {
        let counted = ["get", "quota", "small", "-n", "quota-default", "-o", "jsonpath={.status.hard}"];
        cluster.kubectl(&counted).contains("services.nodeports")
    });
    cluster.kubectl(&["wait", "--for=condition=Established", "crd/moorings.dock.example.com", "--timeout=60s"]);
    cluster
}

fn copy(chart: &str) -> Copy {
    Copy::of_fixture("admission", chart)
}

/// A call on somebody else's cluster; the folder has no repository file, so that every context may be used.
fn call(foreign: &Cluster, copy: &Copy, args: &[&str]) -> Value {
    let program = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).in_dir(copy.root());
    let program = program.alone(&format!("admission-{}", std::process::id())).env("KUBECONFIG", foreign.kubeconfig());
    let path = copy.path();
    report::document(&program.call(&[&[args[0], path.as_str(), "--format", "json"], &args[1..]].concat()))
}

fn verdicts(document: &Value) -> &[Value] {
    document["verdicts"].as_array().map_or(&[], Vec::as_slice)
}

#[track_caller]
fn verdict<'d>(document: &'d Value, clause: &str) -> &'d Value {
    let found = verdicts(document).iter().find(|verdict| verdict["clause"] == clause);
    found.unwrap_or_else(|| panic!("no verdict of {clause}: {document:#}"))
}

/// The findings of `admitted`: file in the chart, line, message.
fn findings(document: &Value, chart: &Utf8Path) -> Vec<(String, u64, String)> {
    let admitted = verdict(document, "admitted");
    let message = admitted["cause"]["message"].as_str().unwrap_or_default();
    let places = admitted["where"].as_array().expect("places").iter();
    let below = |place: &Value| place["file"].as_str().unwrap_or_default().replace(&format!("{chart}/"), "");
    let places = places.map(|place| (below(place), place["line"].as_u64().unwrap_or_default()));
    places.zip(message.lines()).map(|((file, line), message)| (file, line, message.to_owned())).collect()
}

#[test]
fn what_only_the_api_server_refuses_is_named() {
    let foreign = cluster();
    let before = foreign.settled();
    let context = foreign.context();
    // A policy takes a moment to be enforced: until then the chart passes.
    until("an enforced policy", Duration::from_mins(1), || {
        let document = call(&foreign, &copy("policy"), &["check", "--context", &context]);
        verdict(&document, "admitted")["verdict"] == "fail"
    });
    for (chart, expected) in REFUSED {
        let copy = copy(chart);
        let files = call(&foreign, &copy, &["check"]);
        assert_eq!(files["exit"], 0, "{chart} has no finding in its files: {files:#}");
        let document = call(&foreign, &copy, &["check", "--context", &context]);
        let found = findings(&document, &copy.path());
        assert_eq!(found.len(), expected.len(), "{chart}: {found:#?}");
        for ((file, line, words), (found_file, found_line, message)) in expected.iter().zip(&found) {
            assert_eq!((*file, *line), (found_file.as_str(), *found_line), "{chart}: {message}");
            assert!(message.starts_with(words), "{chart}: {message}");
        }
        assert_eq!(document["exit"], 10, "{chart}");
    }
    let custom = call(&foreign, &copy("custom"), &["check", "--context", &context]);
    let message = verdict(&custom, "admitted")["cause"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("unknown field \"spec.colour\""), "{message}");
    sound(&foreign, &context);
    assert_eq!(foreign.settled(), before, "nothing was changed, and nothing is left");
}

/// The control: all is asked about, and nothing refused; by the tier alone, too.
fn sound(foreign: &Cluster, context: &str) {
    let copy = copy("sound");
    for args in [
        &["check", "--context", context][..],
        &["verify", "--tier", "api", "--provider", "existing", "--context", context],
    ] {
        let document = call(foreign, &copy, args);
        assert_eq!(document["exit"], 0, "{document:#}");
        let admitted = verdict(&document, "admitted");
        assert_eq!(admitted["notes"], serde_json::json!([]), "everything was asked about");
        // Nine objects, and the pods of three of them.
        assert_eq!(admitted["measured"]["value"], 12.0, "{admitted:#}");
    }
}

/// A call on the trial's own cluster, which is kept for the next one.
fn trial(copy: &Copy, args: &[&str]) -> Value {
    let program = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e"));
    let is_in_nextest = std::env::var_os("NEXTEST_RUN_ID").is_some();
    let program = program.in_dir(copy.root());
    let program = if is_in_nextest { program } else { program.env("SEATRIAL_RUN", "admitted") };
    let keep: &[&str] = if is_in_nextest { &[] } else { &["--keep", "3m"] };
    let path = copy.path();
    report::document(&program.call(&[&["verify", path.as_str(), "--format", "json"], args, keep].concat()))
}

#[test]
fn a_stub_stands_in_for_a_missing_crd_and_only_for_that() {
    let junit = tempfile::NamedTempFile::new().expect("a file");
    let file = junit.path().to_str().expect("UTF-8");
    let document = trial(&copy("stub"), &["--up-to", "live", "--junit", file]);
    assert_eq!(document["exit"], 0, "{document:#}");
    for one in verdicts(&document).iter().filter(|one| one["level"] == "live") {
        assert_eq!(one["stubs"], serde_json::json!(["Buoy.lights.example.com"]), "{one:#}");
    }
    assert_eq!(verdict(&document, "installs")["level"], "live");
    let xml = std::fs::read_to_string(file).expect("XML");
    assert!(xml.contains("<property name=\"stubs\" value=\"Buoy.lights.example.com\"/>"), "{xml}");
    mistyped();
    needed();
}

/// A kind that is missing in a group of the API server itself fails, in both tiers.
fn mistyped() {
    let built_in = |copy: Copy| {
        let copy = copy.edited("templates/buoy.yaml", "lights.example.com/v1", "networking.k8s.io/v1");
        copy.edited("templates/buoy.yaml", "kind: Buoy", "kind: Ingres")
    };
    let copy = built_in(copy("stub"));
    let refused = trial(&copy, &["--tier", "api"]);
    let words = "ingres/first: refused: the cluster serves no kind Ingres of networking.k8s.io/v1";
    assert_eq!(verdict(&refused, "admitted")["cause"]["message"], words);
    let failed = trial(&copy, &["--tier", "live", "--up-to", "live", "--clause", "installs"]);
    let message = verdict(&failed, "installs")["cause"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("no matches for kind \"Ingres\""), "{message}");
}

/// A CRD that the contract needs wins over the stub that stands there by now.
fn needed() {
    let copy = copy("stub");
    let contract = "apiVersion: seatrial.dev/v1\nkind: Contract\nchart: .\nneeds: { buoys: { crds: buoys.yaml } }\n";
    std::fs::write(copy.path().join("contract.yaml"), contract).expect("a contract");
    let document = trial(&copy, &["--up-to", "live"]);
    let admitted = verdict(&document, "admitted");
    assert!(admitted["cause"]["message"].as_str().is_some_and(|said| said.contains("spec.colour")), "{admitted:#}");
    assert_eq!(admitted["stubs"], serde_json::json!([]));
    let copy = copy.edited("templates/buoy.yaml", "colour: red", "lamp: red");
    let document = trial(&copy, &["--up-to", "live"]);
    assert_eq!(document["exit"], 0, "{document:#}");
    assert!(verdicts(&document).iter().all(|one| one["stubs"] == serde_json::json!([])), "{document:#}");
}
