//! Rules about the code itself that no compiler knows.

use camino::Utf8PathBuf;
use e2e::charts::{Copy, Edit};
use e2e::program::{Program, root, tool};
use e2e::versions;
use serde_json::Value;
use std::collections::BTreeSet;

/// Invariant 1: what would let the judge touch the world.
const WORLDLY: [&str; 12] =
    ["tokio", "kube", "reqwest", "hyper", "axum", "nix", "rustix", "tempfile", "rustls", "mio", "async-std", "socket2"];

#[test]
fn contracts_does_no_io() {
    let reached = dependencies_of("seatrial-contracts");
    let worldly: Vec<_> = WORLDLY.iter().filter(|name| reached.contains(**name)).collect();
    assert!(worldly.is_empty(), "seatrial-contracts depends on {worldly:?}");
    let ours: Vec<_> = reached.iter().filter(|name| name.starts_with("seatrial-")).collect();
    assert_eq!(ours, ["seatrial-observation"], "contracts may depend on observation only");
}

#[test]
fn observation_and_workloads_depend_on_nothing_of_ours() {
    for package in ["seatrial-observation", "workloads"] {
        let ours = dependencies_of(package).into_iter().filter(|name| name.starts_with("seatrial"));
        assert_eq!(ours.collect::<Vec<_>>(), Vec::<String>::new(), "{package}");
    }
}

#[test]
fn the_judge_names_no_way_out() {
    let ways = ["std::fs", "std::env", "std::process", "std::net", "std::io", "SystemTime", "Instant", "Zoned::now"];
    for (path, text) in sources("crates/contracts/src") {
        // Its own tests compare files that are checked in.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let found: Vec<_> = ways.iter().filter(|way| text.contains(**way)).collect();
        assert!(found.is_empty(), "{path} names {found:?}; contracts takes texts and gives values (invariant 1)");
    }
}

/// Invariant 12: clippy sees the macros; this sees the handles.
#[test]
fn one_module_prints() {
    for folder in ["crates/cli/src", "crates/harness/src", "crates/contracts/src", "crates/observation/src"] {
        for (path, text) in sources(folder) {
            let is_printer = path.ends_with("cli/src/printer.rs");
            let prints = ["stdout()", "stderr()"].iter().any(|handle| text.contains(&format!("io::{handle}")));
            assert!(is_printer || !prints, "{path} prints; only crates/cli/src/printer.rs may (invariant 12)");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (path, text) in sources("crates") {
        let first = text.lines().next().unwrap_or_default();
        let is_tests = path.file_stem().is_some_and(|stem| stem.ends_with("tests"));
        assert!(is_tests || first.starts_with("//!"), "{path} does not open with `//!` and what it is for");
    }
}

#[test]
fn lints_are_expected_with_a_reason() {
    for (path, text) in sources("crates") {
        let allow = ["#[", "#!["].map(|open| format!("{open}allow("));
        assert!(!allow.iter().any(|allow| text.contains(allow)), "{path} allows a lint; expect it, with a reason");
    }
}

/// Invariant 4: the suite's skips are compared with lists (see the tests `skips`); the other packages have none.
#[test]
fn only_the_suite_ignores_tests() {
    let mark = ["#[", "ignore"].concat();
    let unit_tests = sources("crates").into_iter().filter(|(path, _)| !path.starts_with(root().join("crates/e2e")));
    let ignoring: Vec<Utf8PathBuf> =
        unit_tests.filter(|(_, text)| text.contains(&mark)).map(|(path, _)| path).collect();
    assert!(ignoring.is_empty(), "{ignoring:?} ignore tests");
}

/// `docs/cli.md` is what the program says of itself.
#[test]
fn the_command_line_is_documented() {
    check_generated("docs/cli.md", &command_line());
}

#[test]
fn the_schemas_are_checked_in() {
    for file in ["contract", "pack", "repository"] {
        let finished = program().call(&["schema", file]);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        check_generated(&format!("docs/{file}.schema.json"), &finished.stdout);
    }
    assert_eq!(program().call(&["schema"]).stdout, program().call(&["schema", "contract"]).stdout);
}

#[test]
fn the_schema_of_reports_is_checked_in() {
    check_generated("docs/report.schema.json", &format!("{:#}\n", seatrial_contracts::report::schema()));
}

#[test]
fn the_schema_of_health_is_checked_in() {
    check_generated("docs/health.schema.json", &format!("{:#}\n", seatrial_contracts::report::health_schema()));
}

#[test]
fn the_schema_of_lists_is_checked_in() {
    check_generated("docs/list.schema.json", &format!("{:#}\n", seatrial_contracts::report::list_schema()));
}

#[test]
fn the_schema_of_doctors_is_checked_in() {
    check_generated("docs/doctor.schema.json", &format!("{:#}\n", seatrial_contracts::report::doctor_schema()));
}

#[test]
fn the_schema_of_traces_is_checked_in() {
    check_generated("docs/trace.schema.json", &format!("{:#}\n", seatrial_contracts::trace::schema()));
}

/// `docs/language.md` is written from the types, with examples that a test of contracts runs.
#[test]
fn the_language_is_documented() {
    check_generated("docs/language.md", &seatrial_contracts::language::reference());
}

/// PAL-003: who changes a chart raises its version. `just generate` adds versions and never changes one.
#[test]
fn a_changed_chart_has_another_version() {
    let path = root().join(versions::LOCK);
    let mut listed = versions::read(&std::fs::read_to_string(&path).unwrap_or_default());
    let charts = root().join("charts").read_dir_utf8().expect("charts").flatten();
    let charts = charts.filter(|chart| chart.path().join("Chart.yaml").is_file());
    let charts: Vec<Utf8PathBuf> = charts.map(|chart| chart.path().to_owned()).collect();
    assert!(!charts.is_empty(), "there are no charts");
    if std::env::var_os("SEATRIAL_BLESS").is_some() {
        for (version, hash) in charts.iter().map(|chart| versions::of(chart).expect("a chart")) {
            listed.entry(version).or_insert(hash);
        }
        std::fs::write(&path, versions::write(&listed)).expect("docs can be written");
    }
    let wrong = charts.iter().filter_map(|chart| versions::wrong(chart, &listed).expect("a chart"));
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new());
}

/// Each change is told that Helm would pack, in whatever file; the contract and what is beside it are none.
#[test]
fn a_change_under_the_same_version_is_told() {
    let listed = versions::read(&std::fs::read_to_string(root().join(versions::LOCK)).expect("the list"));
    let edit = |file, from, to| Edit { file, from, to };
    let wrong = |edits: &[Edit]| {
        let copy = edits.iter().fold(Copy::of("pallet-registry"), |copy, edit| copy.with(*edit));
        versions::wrong(&copy.path(), &listed).expect("a chart")
    };
    for changed in [
        edit("values.yaml", "replicaCount: 1", "replicaCount: 0"),
        edit("templates/service.yaml", "targetPort: http", "targetPort: 5000"),
        edit("Chart.yaml", "type: application", "type: library"),
    ] {
        let told = wrong(&[changed]).expect("it is told");
        assert!(told.starts_with("pallet-registry is no longer what it was as version "), "{told}");
        let raised = wrong(&[changed, edit("Chart.yaml", "\nversion: ", "\nversion: 9")]).expect("it is not listed");
        assert!(raised.contains("is not in docs/chart-versions.lock: run `just generate`"), "{raised}");
    }
    assert_eq!(wrong(&[edit("contract.yaml", "kind: Contract", "kind:  Contract")]), None);
}

/// What is generated is checked in; `just generate` writes it.
#[track_caller]
fn check_generated(file: &str, expected: &str) {
    let path = root().join(file);
    if std::env::var_os("SEATRIAL_BLESS").is_some() {
        std::fs::write(&path, expected).expect("docs can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == expected, "{file} is out of date: run `just generate`, look at the difference, commit it");
}

fn command_line() -> String {
    let verbs = "setup doctor check plan explain verify up down health list reap schema trace";
    let whole = program().call(&["--help"]).stdout;
    let head =
        "# The command line\n\nWritten by the test `the_command_line_is_documented` from `--help`; do not edit.\n";
    let mut text = format!("{head}\n```\n{}\n```\n", trimmed(&whole));
    for verb in verbs.split(' ') {
        let help = program().call(&[verb, "--help"]).stdout;
        let page = format!("\n## seatrial {verb}\n\n```\n{}\n```\n", trimmed(&help));
        text.push_str(&page);
    }
    text
}

fn trimmed(text: &str) -> String {
    text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn program() -> Program {
    Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).without("COLUMNS")
}

/// The names of all packages that a package is built with (its dev-dependencies are not).
fn dependencies_of(package: &str) -> BTreeSet<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let manifest = root().join("Cargo.toml");
    let args = ["tree", "--offline", "--manifest-path", manifest.as_str(), "--package", package];
    let args = [&args[..], &["--edges", "normal", "--prefix", "none", "--format", "{p}"]].concat();
    let names = tool(&cargo, &args).lines().filter_map(|line| line.split(' ').next()).map(ToOwned::to_owned).collect();
    without(names, package)
}

fn without(mut names: BTreeSet<String>, package: &str) -> BTreeSet<String> {
    names.remove(package);
    names.remove("");
    names
}

fn sources(folder: &str) -> Vec<(Utf8PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir_utf8().expect("a folder of sources").flatten() {
            let path = entry.path().to_owned();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some("rs") => found.push((path.clone(), std::fs::read_to_string(&path).expect("a source"))),
                _ => {}
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no sources");
    found
}

/// `cargo metadata` and `cargo tree` agree on who is a member.
#[test]
fn every_crate_keeps_the_workspace_lints() {
    let metadata = tool("cargo", &["metadata", "--offline", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("metadata");
    for package in metadata["packages"].as_array().expect("packages") {
        let manifest = package["manifest_path"].as_str().expect("a path");
        let text = std::fs::read_to_string(manifest).expect("a manifest");
        assert!(text.contains("[lints]\nworkspace = true"), "{manifest} does not keep the workspace's lints");
    }
}
