//! A cluster that is not ours: the same contract gives the same verdicts, what needs a capability of ours is skipped,
//! and afterwards the cluster's objects are what they were.

use e2e::Program;
use e2e::charts::Copy;
use e2e::foreign::Cluster;
use e2e::report::{document, verdicts};
use e2e::skips::{Host, compare};
use seatrial_harness::tools::{prober_image, registry_image};
use std::collections::BTreeSet;

/// With the images that the chart and the probes need.
fn cluster() -> Cluster {
    let cluster = Cluster::new();
    cluster.kubectl(&["wait", "--for=condition=Ready", "node", "--all", "--timeout=120s"]);
    for image in [prober_image().expect("the prober"), registry_image().to_owned()] {
        cluster.load(&image);
    }
    cluster
}

/// A CRD that anybody may have.
fn crd(kind: &str) -> String {
    let plural = format!("{}s", kind.to_lowercase());
    format!(
        "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{ name: {plural}.dock.example.com }}\n\
         spec:\n  group: dock.example.com\n  scope: Namespaced\n  names: {{ kind: {kind}, plural: {plural} }}\n  versions: [{{ name: \
         v1, served: true, storage: true, schema: {{ openAPIV3Schema: {{ type: object }} }} }}]\n"
    )
}

/// The registry, which needs a CRD that the cluster lacks and one that it has, and a namespace that is there.
fn needing() -> Copy {
    let needs = "needs:\n  docks: { crds: docks.yaml }\n  harbour: { namespace: { labels: { stained: by-us } } }\n";
    let chart = Copy::of("pallet-registry").edited("contract.yaml", "\nclauses:\n", &format!("\n{needs}\nclauses:\n"));
    let wanted = format!("{}{}", crd("Berth"), crd("Mooring").replace("type: object", "type: object, title: changed"));
    std::fs::write(chart.path().join("docks.yaml"), wanted).expect("CRDs");
    chart
}

/// Identity and content of what was there before.
fn theirs(foreign: &Cluster) -> String {
    let versions = "jsonpath={.metadata.uid} {.metadata.generation} {.metadata.labels} {.metadata.deletionTimestamp}";
    let crd = foreign.kubectl(&["get", "crd", "moorings.dock.example.com", "--output", versions]);
    crd + &foreign.kubectl(&["get", "namespace", "harbour", "--output", versions])
}

fn program() -> Program {
    Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).alone(&format!("foreign-{}", std::process::id()))
}

#[test]
fn an_existing_cluster_gives_the_same_verdicts() {
    let foreign = cluster();
    foreign.apply(&crd("Mooring"));
    foreign.kubectl(&["create", "namespace", "harbour"]);
    let (before, owned) = (foreign.settled(), theirs(&foreign));
    let chart = needing();
    let program = program().env("KUBECONFIG", foreign.kubeconfig());
    let context = foreign.context();
    let path = chart.path();
    let args = ["verify", path.as_str(), "-e", "dev", "--provider", "existing", "--context", &context];
    let finished = program.call(&[&args[..], &["--format", "json"]].concat());
    let verdicts = verdicts(&document(&finished));
    let not_passed: Vec<_> =
        verdicts.iter().filter(|line| line.verdict != "pass" && line.verdict != "skipped").collect();
    assert!(not_passed.is_empty(), "{not_passed:#?}");
    let skipped: BTreeSet<String> =
        verdicts.iter().filter(|line| line.verdict == "skipped").map(|line| line.id.clone()).collect();
    let listed = Host::Existing.listed().into_iter().filter(|id| id.contains("::dev::")).collect();
    compare(Host::Existing, &skipped, &listed).unwrap_or_else(|message| panic!("{message}"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(foreign.objects(), before);
    assert_eq!(theirs(&foreign), owned, "what was there is as it was, whatever the contract needs");
}
