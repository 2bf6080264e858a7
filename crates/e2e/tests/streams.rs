//! What a container said is kept as it says it: a pod that goes in the middle of a clause leaves its last lines, which
//! whoever asks for logs afterwards does not find any more.

use camino::{Utf8Path, Utf8PathBuf};
use e2e::Program;
use e2e::charts::Copy;
use e2e::engine::below;

/// A push, which the registry logs, and then its pod goes.
const CONTRACT: &str = "
apiVersion: seatrial.dev/v1
kind: Contract
chart: .
release: { name: registry, namespace: pallet, podSecurity: restricted }
environments: { dev: { values: [values-dev.yaml] } }
clauses:
  comes-back:
    before: { registry: { at: svc/registry:http, push: seed } }
    when: { deletePod: deploy/registry }
    http: svc/registry:http/v2/
    within: 20s
";

#[test]
fn a_pod_that_is_deleted_leaves_its_last_lines() {
    let copy = Copy::of("pallet-registry");
    std::fs::write(copy.path().join("contract.yaml"), CONTRACT).expect("a contract");
    let chart = copy.path();
    let args = ["verify", chart.as_str(), "--tier", "live", "--clause", "comes-back", "--format", "json"];
    let finished = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).in_dir(copy.root()).call(&args);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);

    let all = below(&copy.root().join("target"));
    let pushed: Vec<&Utf8PathBuf> = all.iter().filter(|file| tells_of_a_push(file)).collect();
    let [stream] = pushed[..] else { panic!("one stream tells of the push: {pushed:?} of {all:#?}") };
    assert_eq!(stream.parent().and_then(Utf8Path::file_name), Some("streams"), "{stream}");
    let pod = |file: &Utf8PathBuf| file.file_name().unwrap_or_default().split('.').next().map(ToOwned::to_owned);
    let is_of_another = |file: &&Utf8PathBuf| file.as_str().contains("/streams/") && pod(file) != pod(stream);
    assert!(all.iter().any(|file| is_of_another(&file)), "the pod that came after is followed, too: {all:#?}");
}

/// The registry's line about the manifest that was put.
fn tells_of_a_push(file: &Utf8Path) -> bool {
    let text = std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    file.extension() == Some("log") && text.lines().any(|line| line.contains("PUT") && line.contains("/manifests/"))
}
