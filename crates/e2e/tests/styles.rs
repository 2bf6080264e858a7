//! Charts of other styles than ours (`fixtures/styles`), rendered by the real Helm and judged by the files alone: sound
//! they have no finding, and each style's own break (`breaks.yaml`) is found by one clause, at its line.

use e2e::Program;
use e2e::charts::Copy;
use e2e::program::root;
use e2e::report;
use serde_json::Value;
use std::collections::BTreeMap;

/// Each style is evaluated by at least so many clauses.
const LEAST: usize = 20;

/// The styles there must be.
const STYLES: [&str; 14] = [
    "library chart",
    "subcharts",
    "tpl",
    "range over ports",
    "named ports",
    "headless Services",
    "StatefulSets",
    "init containers",
    "sidecars",
    "hooks",
    "several values files",
    "CRDs with resources",
    "generated passwords with lookup",
    "Helm tests",
];

#[test]
fn every_style_is_there_and_broken_once() {
    let breaks = breaks();
    for style in STYLES {
        assert_eq!(breaks.iter().filter(|one| one["style"] == style).count(), 1, "{style}");
    }
    assert_eq!(breaks.len(), STYLES.len());
}

#[test]
fn sound_charts_of_every_style_have_no_finding() {
    let mut charts: Vec<String> = breaks().iter().map(|one| text(&one["chart"])).collect();
    charts.sort();
    charts.dedup();
    for chart in charts {
        let document = judged(&Copy::of_fixture("styles", &chart), None);
        let mut passed: BTreeMap<String, usize> = BTreeMap::new();
        for verdict in verdicts(&document) {
            assert_eq!(verdict["verdict"], "pass", "{chart}: {verdict:#}");
            *passed.entry(text(&verdict["environment"])).or_default() += 1;
        }
        assert_eq!(document["exit"], 0, "{chart}");
        assert!(!passed.is_empty() && passed.values().all(|n| *n >= LEAST), "{chart} is judged by only {passed:?}");
    }
}

#[test]
fn each_style_is_found_when_it_breaks() {
    for one in breaks() {
        let (style, chart) = (text(&one["style"]), text(&one["chart"]));
        let edit = |field: &str| text(&one["edit"][field]);
        let copy = Copy::of_fixture("styles", &chart).edited(&edit("file"), &edit("from"), &edit("to"));
        let document = judged(&copy, one["environment"].as_str());
        let failed = the_one_that_fails(&style, &document);
        assert_eq!(failed["clause"], one["fails"], "{style}: {failed:#}");
        assert_eq!(places(&copy, failed), [place(&one["where"])], "{style}: {failed:#}");
    }
}

/// One Fail; everything else passes or is blocked by it.
#[track_caller]
fn the_one_that_fails<'d>(style: &str, document: &'d Value) -> &'d Value {
    let failed: Vec<&Value> = verdicts(document).iter().filter(|verdict| verdict["verdict"] == "fail").collect();
    assert_eq!(failed.len(), 1, "{style}: {failed:#?}");
    let is_explained = |v: &&Value| v["verdict"] == "pass" || v["blockedBy"] == failed[0]["clause"];
    let others = verdicts(document).iter().filter(|verdict| verdict["verdict"] != "fail");
    let loose: Vec<&Value> = others.filter(|verdict| !is_explained(verdict)).collect();
    assert!(loose.is_empty(), "{style}: {loose:#?}");
    failed[0]
}

/// File, template line where it is told, rendered line and the value behind it where there is one.
type Place = (String, Option<u64>, String);

fn place(expected: &Value) -> Place {
    let key = expected["key"].as_str().map(|key| format!(", value key {key}")).unwrap_or_default();
    (text(&expected["file"]), expected["line"].as_u64(), format!("rendered line {}{key}", expected["rendered"]))
}

/// What the verdict points at in the chart; the contract's own line is left out.
fn places(copy: &Copy, verdict: &Value) -> Vec<Place> {
    let all = verdict["where"].as_array().expect("places").iter();
    let below = |one: &Value| text(&one["file"]).trim_start_matches(copy.path().as_str()).trim_matches('/').to_owned();
    let places = all.map(|one| (below(one), one["line"].as_u64(), text(&one["note"])));
    places.filter(|(file, ..)| file != "contract.yaml").collect()
}

fn judged(copy: &Copy, environment: Option<&str>) -> Value {
    let path = copy.path();
    let only = environment.map(|name| ["-e", name]).into_iter().flatten();
    let args: Vec<&str> = ["check", path.as_str(), "--format", "json"].into_iter().chain(only).collect();
    let program = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).in_dir(copy.root());
    report::document(&program.call(&args))
}

fn verdicts(document: &Value) -> &[Value] {
    document["verdicts"].as_array().map_or(&[], Vec::as_slice)
}

fn breaks() -> Vec<Value> {
    let file = root().join("crates/e2e/fixtures/styles/breaks.yaml");
    let file = std::fs::read_to_string(file).expect("breaks.yaml");
    serde_yaml::from_str(&file).expect("a list of breaks")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
