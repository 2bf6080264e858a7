//! Invariant 4: what is skipped is known when tests are listed, and checked in, with its reason.

use e2e::judge::Judge;
use e2e::program::{root, test_binary, tool};
use e2e::skips::{Host, compare};
use seatrial_harness::cluster::ProviderKind;
use seatrial_harness::run::skip_what_is_missing;
use std::collections::BTreeSet;

#[test]
fn every_skipped_test_is_listed() {
    let host = Host::this();
    let skipped = targets().iter().flat_map(|target| ignored(target)).collect();
    compare(host, &skipped, &host.listed()).unwrap_or_else(|message| panic!("{message}"));
}

/// On a cluster that is not ours, known without one.
#[test]
fn what_an_existing_cluster_can_not_do_is_listed() {
    let judge = Judge::new(env!("CARGO_BIN_EXE_seatrial-e2e"), &root()).expect("Helm");
    let mut skipped = BTreeSet::new();
    for chart in judge.charts() {
        let mut plan = judge.plan(&chart).expect("a plan");
        skip_what_is_missing(&mut plan, ProviderKind::Existing.capabilities());
        let slots = plan.environments.iter().flat_map(|environment| &environment.slots);
        skipped.extend(slots.filter(|slot| slot.skip.is_some()).map(|slot| slot.id.to_string()));
    }
    compare(Host::Existing, &skipped, &Host::Existing.listed()).unwrap_or_else(|message| panic!("{message}"));
}

/// All test targets of this package.
fn targets() -> Vec<String> {
    let tests = root().join("crates/e2e/tests");
    let files = tests.read_dir_utf8().expect("the folder of tests").flatten();
    files.filter_map(|file| file.file_name().strip_suffix(".rs").map(ToOwned::to_owned)).collect()
}

fn ignored(target: &str) -> Vec<String> {
    let output = tool(test_binary(target).as_str(), &["--list", "--ignored", "--format", "terse"]);
    let names = output.lines().filter_map(|line| line.strip_suffix(": test"));
    names.map(|name| format!("{target}::{name}")).collect()
}
