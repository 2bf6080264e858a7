//! Helm 4 in the place of Helm 3: the same promises, the same verdicts. It applies server-side and waits by itself
//! unless it is told not to, so what upgrades, scales and uninstalls is what may differ.

use e2e::Program;
use e2e::charts::Copy;
use e2e::evidence::Evidence;
use e2e::report;
use seatrial_harness::tools::helm_4;

/// A clause of each event, one that judges an install, and one that Helm itself answers.
const CLAUSES: [&str; 8] = [
    "bad-values-are-refused",
    "v2-answers",
    "second-upgrade-restarts-nothing",
    "ready-in-five-seconds",
    "data-survives[reinstall]",
    "comes-back-from-zero",
    "values-reach-the-pods",
    "uninstall-leaves-only-the-data",
];

#[test]
fn helm_4_gives_the_same_verdicts() {
    let helm = helm_4().expect("Helm 4: run `./just setup suite`");
    let dir = helm.parent().expect("its folder");
    let path = format!("{dir}:{}", std::env::var("PATH").expect("a PATH"));
    let program = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).env("PATH", path).without("SEATRIAL_HELM");
    let copy = Copy::of("pallet-registry");
    let chart = copy.path();
    let clauses: Vec<&str> = CLAUSES.iter().flat_map(|clause| ["--clause", clause]).collect();
    let args = ["verify", chart.as_str(), "-e", "dev", "--format", "json"];
    let finished = program.call(&[&args[..], &clauses].concat());
    let document = report::document(&finished);
    let verdicts = report::verdicts(&document);
    let others: Vec<_> = verdicts.iter().filter(|line| line.verdict != "pass").collect();
    assert!(others.is_empty(), "{others:#?}");
    for clause in CLAUSES {
        let id = format!("pallet-registry::dev::{clause}");
        assert!(verdicts.iter().any(|line| line.id == id), "{clause} was judged: {}", finished.stderr);
    }
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let installs = Evidence::of(&document).helm_ends(&chart);
    assert!(installs.iter().all(|end| end.program == helm), "{installs:?}");
}
