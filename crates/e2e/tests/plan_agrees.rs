//! The tests that the three targets list are the verdicts that `seatrial plan` announces: none is lost between them.

use e2e::program::{Program, root, test_binary, tool};
use e2e::report;
use std::collections::BTreeSet;

#[test]
fn the_listed_tests_are_the_planned_verdicts() {
    let planned = planned();
    let mut listed = BTreeSet::new();
    for target in ["look", "measure", "disturb"] {
        for name in list(target) {
            assert!(listed.insert(name.clone()), "{name} is listed twice");
        }
    }
    let only_planned: Vec<_> = planned.difference(&listed).collect();
    let only_listed: Vec<_> = listed.difference(&planned).collect();
    assert!(
        only_planned.is_empty() && only_listed.is_empty(),
        "no test: {only_planned:?}; no verdict: {only_listed:?}"
    );
    assert!(listed.len() > 30, "the registry alone has more verdicts than these {}", listed.len());
}

#[test]
fn clauses_lock_is_the_plan() {
    let lock = std::fs::read_to_string(root().join("clauses.lock")).expect("clauses.lock");
    let lines = lock.lines().filter(|line| !line.starts_with('#')).map(ToOwned::to_owned);
    assert_eq!(lines.collect::<BTreeSet<_>>(), planned(), "run `seatrial plan --lock`");
}

fn planned() -> BTreeSet<String> {
    let finished = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).call(&["plan", "--format", "json"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    report::verdicts(&report::document(&finished)).into_iter().map(|line| line.id).collect()
}

fn list(target: &str) -> Vec<String> {
    let output = tool(test_binary(target).as_str(), &["--list", "--format", "terse"]);
    output.lines().filter_map(|line| line.strip_suffix(": test")).map(ToOwned::to_owned).collect()
}
