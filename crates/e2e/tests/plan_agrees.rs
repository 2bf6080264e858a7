//! The tests that the three targets list are the verdicts that `seatrial plan` announces: none is lost between them.

use e2e::program::{Program, tool};
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
    let lock = std::fs::read_to_string(e2e::program::root().join("clauses.lock")).expect("clauses.lock");
    let lines = lock.lines().filter(|line| !line.starts_with('#')).map(ToOwned::to_owned);
    assert_eq!(lines.collect::<BTreeSet<_>>(), planned(), "run `seatrial plan --lock`");
}

fn planned() -> BTreeSet<String> {
    let finished = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).call(&["plan", "--format", "json"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    report::verdicts(&report::document(&finished)).into_iter().map(|line| line.id).collect()
}

/// What a target lists: its newest binary beside ours, which Cargo built together with it.
fn list(target: &str) -> Vec<String> {
    let here = std::env::current_exe().expect("this test's path");
    let folder = camino::Utf8PathBuf::try_from(here.parent().expect("a folder").to_owned()).expect("UTF-8");
    let is_it = |name: &str| name.strip_prefix(target).is_some_and(|rest| rest.starts_with('-') && !rest.contains('.'));
    let entries = folder.read_dir_utf8().expect("the folder of tests").flatten();
    let candidates = entries.filter(|entry| is_it(entry.file_name()));
    let newest = candidates.max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok());
    let binary = newest.unwrap_or_else(|| panic!("no test binary {target}: run `cargo test -p e2e --no-run`"));
    let output = tool(binary.path().as_str(), &["--list", "--format", "terse"]);
    output.lines().filter_map(|line| line.strip_suffix(": test")).map(ToOwned::to_owned).collect()
}
