//! Requirement rows: the table beside them is sound, and the rows that only files, scripts and tools can keep.

use camino::{Utf8Path, Utf8PathBuf};
use e2e::charts::{Copy, Edit};
use e2e::program::{block_on, root};
use rstest::rstest;
use seatrial_contracts::trace::Table;
use seatrial_harness::command::{Cmd, Finished};
use seatrial_harness::tools::Tools;
use seatrial_harness::trace::{locked, requirements};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

fn table() -> (BTreeSet<String>, Table) {
    requirements(&root()).expect("docs/requirements.md and docs/rows.yaml")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect("a file of this repository")
}

/// Every file below a folder with this ending.
fn files(folder: &Utf8Path, ending: &str) -> Vec<Utf8PathBuf> {
    let mut found = seatrial_harness::cache::files_below(folder).unwrap_or_default();
    found.retain(|path| path.as_str().ends_with(ending));
    found
}

/// `e2e::rows x` is `fn x` in `crates/e2e/tests/rows.rs`; `seatrial-harness a::b` is `fn b` in that crate's sources;
/// `just x` is a recipe that leaves a record like nextest's.
fn has_test(name: &str) -> bool {
    let Some((binary, path)) = name.split_once(' ') else { return false };
    if binary == "just" {
        return text("justfile").lines().any(|line| line.starts_with(&format!("{path}:")));
    }
    let function = format!("fn {}(", path.rsplit("::").next().unwrap_or(path));
    let sources = match binary.split_once("::") {
        Some((package, target)) if target.starts_with("bin/") => {
            files(&folder(package).join("src").join(target), ".rs")
        }
        Some((package, target)) => vec![folder(package).join("tests").join(format!("{target}.rs"))],
        None => files(&folder(binary).join("src"), ".rs"),
    };
    sources.iter().filter_map(|path| std::fs::read_to_string(path).ok()).any(|text| is_test(&text, &function))
}

fn folder(package: &str) -> Utf8PathBuf {
    let name = package.strip_prefix("seatrial-").unwrap_or(if package == "seatrial" { "cli" } else { package });
    root().join("crates").join(name)
}

/// Whether the function is there and marked as a test, by the lines above it.
fn is_test(text: &str, function: &str) -> bool {
    let Some((above, _)) = text.split_once(function) else { return false };
    let attributes = above.lines().rev().take(40).take_while(|line| !line.starts_with('}'));
    attributes.map(str::trim).any(|line| line.starts_with("#[test]") || line.contains("::test]") || line == "#[rstest]")
}

#[test]
fn every_named_test_is_there() {
    let (_, table) = table();
    let all = table.tests.values().flatten();
    let names: BTreeSet<&String> = all.flat_map(|test| std::iter::once(&test.test).chain(&test.broken)).collect();
    let missing: Vec<_> = names.iter().filter(|name| !has_test(name)).collect();
    assert!(names.len() > 3 && missing.is_empty(), "docs/rows.yaml names tests that are not there: {missing:?}");
    assert!(!has_test("e2e::rows no_such_test") && !has_test("e2e::rows has_test") && !has_test("no-crate x"));
}

/// `STR-070 to 072` and `TD1-088, 094` are several rows.
fn ids_of_decision_17(requirements: &str) -> BTreeSet<String> {
    let line = requirements.lines().find(|line| line.starts_with("17. ")).expect("decision 17");
    let (mut ids, mut prefix, mut last, mut is_range) = (BTreeSet::new(), String::new(), 0, false);
    for word in line.split([' ', ',', ';', '.', '(', ')']).filter(|word| !word.is_empty()) {
        let (front, number) = word.rsplit_once('-').unwrap_or((&prefix, word));
        let is_number = number.len() == 3 && number.chars().all(|c| c.is_ascii_digit());
        let is_row = is_number && front.len() == 3 && front != "K";
        if let (true, Ok(number)) = (is_row, number.parse::<u32>()) {
            let from = if is_range { last + 1 } else { number };
            ids.extend((from..=number).map(|number| format!("{front}-{number:03}")));
            (prefix, last) = (front.to_owned(), number);
        }
        is_range = word == "to";
    }
    ids
}

#[test]
fn what_does_not_apply_is_decision_17() {
    let decided = ids_of_decision_17(&text("docs/requirements.md"));
    let (_, table) = table();
    let listed: BTreeSet<String> = table.not_applicable.keys().cloned().collect();
    assert_eq!(listed, decided);
    let parts = table.not_applicable.iter().filter(|(_, decision)| decision.part.is_some());
    let parts: Vec<&str> = parts.map(|(row, _)| row.as_str()).collect();
    assert_eq!(parts, ["PAL-076", "TD2-046", "TD2-058", "TD1-090"]);
}

#[test]
fn the_list_of_live_mutations_names_mutations() {
    let (_, table) = table();
    let unknown: Vec<String> = locked(&root()).into_keys().filter(|name| !table.mutations.contains_key(name)).collect();
    assert!(unknown.is_empty(), "docs/mutations.lock names {unknown:?}, docs/rows.yaml does not");
}

/// PAL-001 and PAL-002: what the chart's folder must hold, and which templates are all.
fn layout(chart: &Utf8Path) -> Vec<String> {
    let wanted = ["Chart.yaml", "values.yaml", "values-dev.yaml", "templates", "values.schema.json"];
    let missing = wanted.iter().filter(|name| !chart.join(name).exists()).map(|name| format!("{name} is missing"));
    let templates = chart.join("templates").read_dir_utf8().expect("templates").flatten();
    let templates: BTreeSet<String> = templates.map(|file| file.file_name().to_owned()).collect();
    let all = ["_helpers.tpl", "configmap.yaml", "deployment.yaml", "pvc.yaml", "service.yaml"].map(str::to_owned);
    let other = BTreeSet::from(all);
    let other = other.symmetric_difference(&templates).map(|name| format!("templates/{name}"));
    missing.chain(other).collect()
}

#[test]
fn the_registry_chart_has_its_files() {
    assert_eq!(layout(&root().join("charts/pallet-registry")), Vec::<String>::new());
}

/// STR-001, STR-002: the files of the chart, and a folder of templates a component.
fn strato_layout(chart: &Utf8Path) -> Vec<String> {
    let files = ["Chart.yaml", "values.yaml", "values-dev.yaml", "values.schema.json"];
    let components = ["control-plane", "agent", "postgres", "permify", "ovn", "openvswitch"];
    let components = components.iter().map(|name| format!("templates/{name}"));
    let wanted = files.iter().map(ToString::to_string).chain(components);
    let missing = wanted.filter(|name| !chart.join(name).exists()).map(|name| format!("{name} is missing"));
    let chart_yaml = std::fs::read_to_string(chart.join("Chart.yaml")).unwrap_or_default();
    let is_strato = chart_yaml.lines().any(|line| line == "name: strato");
    missing.chain((!is_strato).then(|| "it is not called strato".to_owned())).collect()
}

#[test]
fn the_strato_chart_has_its_files() {
    assert_eq!(strato_layout(&root().join("charts/strato")), Vec::<String>::new());
}

#[test]
fn a_missing_component_is_named() {
    let copy = Copy::of("strato").with(Edit { file: "Chart.yaml", from: "name: strato\n", to: "name: other\n" });
    std::fs::remove_file(copy.path().join("values-dev.yaml")).expect("removed");
    std::fs::remove_dir_all(copy.path().join("templates/permify")).expect("removed");
    let told = ["values-dev.yaml is missing", "templates/permify is missing", "it is not called strato"];
    assert_eq!(strato_layout(&copy.path()), told);
}

/// STR-008: files that only Compose reads.
fn compose_files(folder: &Utf8Path) -> Vec<String> {
    let is_compose = |name: &str| {
        let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml")).unwrap_or_default();
        stem.starts_with("docker-compose") || stem == "compose" || stem.starts_with("compose.")
    };
    let all = files(folder, "").into_iter().filter(|path| path.file_name().is_some_and(is_compose));
    all.map(|path| path.strip_prefix(folder).unwrap_or(&path).to_string()).collect()
}

#[test]
fn nothing_needs_compose() {
    let folders = ["charts", "crates", "docs", "images", "tools", ".github"];
    let found: Vec<String> = folders.iter().flat_map(|folder| compose_files(&root().join(folder))).collect();
    assert_eq!(found, Vec::<String>::new());
    assert!(!root().join("docker-compose.yml").exists() && !root().join("compose.yaml").exists());
}

#[test]
fn a_compose_file_is_named() {
    let copy = Copy::of("strato").with_file("hack/docker-compose.dev.yml", "services: {}\n");
    assert_eq!(compose_files(&copy.path()), ["hack/docker-compose.dev.yml"]);
}

#[test]
fn a_missing_file_is_named() {
    let copy = Copy::of("pallet-registry");
    std::fs::remove_file(copy.path().join("values-dev.yaml")).expect("removed");
    std::fs::write(copy.path().join("templates/more.yaml"), "").expect("written");
    assert_eq!(layout(&copy.path()), ["values-dev.yaml is missing", "templates/more.yaml"]);
}

/// PAL-020, PAL-021, PAL-064, PAL-082: what the contract says of names, port, data and limits of the bootstrap.
fn bootstrap(chart: &Utf8Path) -> Vec<String> {
    let contract: Value =
        serde_yaml::from_str(&std::fs::read_to_string(chart.join("contract.yaml")).expect("a contract")).expect("YAML");
    let said = |pointer: &str| contract.pointer(pointer).cloned().unwrap_or(Value::Null);
    let wanted = [
        ("/cluster/name", json!("pallet-dev")),
        ("/cluster/publish", json!({ "5000": "svc/registry:http" })),
        ("/cluster/hostStorage", json!(true)),
        ("/cluster/resources", json!({ "cpus": 2, "memory": "2Gi" })),
        ("/release/name", json!("registry")),
        ("/release/namespace", json!("pallet")),
    ];
    let other = wanted.into_iter().filter(|(pointer, value)| said(pointer) != *value);
    other.map(|(pointer, value)| format!("{pointer} is {}, not {value}", said(pointer))).collect()
}

#[test]
fn the_bootstrap_has_its_names_and_limits() {
    assert_eq!(bootstrap(&root().join("charts/pallet-registry")), Vec::<String>::new());
}

#[test]
fn another_name_and_no_limits_are_told() {
    let file = "contract.yaml";
    let copy = Copy::of("pallet-registry");
    let copy = copy.with(Edit { file, from: "name: pallet-dev", to: "name: other" });
    let copy = copy.with(Edit { file, from: "  resources: { cpus: 2, memory: 2Gi }\n", to: "" });
    let told = [
        "/cluster/name is \"other\", not \"pallet-dev\"",
        "/cluster/resources is null, not {\"cpus\":2,\"memory\":\"2Gi\"}",
    ];
    assert_eq!(bootstrap(&copy.path()), told);
}

fn call(program: &str, args: &[&str]) -> Finished {
    let called = block_on(Cmd::new(program).args(args).timeout(Duration::from_mins(2)).run());
    called.unwrap_or_else(|error| panic!("{error}"))
}

/// PAL-009: with the values of an environment.
fn lint(chart: &Utf8Path, values: &[&str]) -> Finished {
    let helm = Tools::find_helm().expect("helm: run `./just setup static`");
    let files: Vec<String> = values.iter().map(|file| chart.join(file).into_string()).collect();
    let mut args = vec!["lint", "--strict", chart.as_str()];
    args.extend(files.iter().flat_map(|file| ["--values", file.as_str()]));
    call(helm.as_str(), &args)
}

#[rstest]
#[case::default_values("pallet-registry", &[])]
#[case::dev_values("pallet-registry", &["values-dev.yaml"])]
#[case::strato_default_values("strato", &[])]
#[case::strato_dev_values("strato", &["values-dev.yaml"])]
fn helm_lint_passes(#[case] chart: &str, #[case] values: &[&str]) {
    let finished = lint(&root().join("charts").join(chart), values);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    assert!(finished.stdout.contains("1 chart(s) linted, 0 chart(s) failed"), "{}", finished.stdout);
}

#[test]
fn helm_lint_tells_of_a_broken_chart() {
    let edit = Edit { file: "templates/pvc.yaml", from: "{{- end }}\nspec:", to: "{{- end }}\nspec" };
    let finished = lint(&Copy::of("pallet-registry").with(edit).path(), &[]);
    assert_ne!(finished.code, Some(0), "{}", finished.stdout);
    assert!(finished.stdout.contains("templates/pvc.yaml"), "{}{}", finished.stdout, finished.stderr);
}

/// PAL-073: what shellcheck says of these scripts.
fn shellcheck(scripts: &[Utf8PathBuf]) -> Finished {
    let paths: Vec<&str> = scripts.iter().map(|path| path.as_str()).collect();
    call("shellcheck", &paths)
}

#[test]
fn scripts_pass_shellcheck() {
    let mut scripts = vec![root().join("just"), root().join(".ci/run")];
    scripts.extend(["charts", "images", "tools"].iter().flat_map(|folder| files(&root().join(folder), ".sh")));
    assert!(scripts.len() > 5, "{scripts:?}");
    let finished = shellcheck(&scripts);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
}

#[test]
fn shellcheck_tells_of_a_broken_script() {
    let dir = tempfile::tempdir().expect("dir");
    let script = Utf8PathBuf::try_from(dir.path().join("x.sh")).expect("utf-8");
    std::fs::write(&script, "#!/bin/bash\nrm -rf $1/*\n").expect("written");
    let finished = shellcheck(&[script]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stdout.contains("SC2086"), "{}", finished.stdout);
}
