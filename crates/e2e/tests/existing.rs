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

fn program() -> Program {
    Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).alone(&format!("foreign-{}", std::process::id()))
}

#[test]
fn an_existing_cluster_gives_the_same_verdicts() {
    let foreign = cluster();
    let before = foreign.settled();
    let chart = Copy::of("pallet-registry");
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
}
