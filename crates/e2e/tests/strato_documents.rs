//! What the documents of Strato say is so: what became of each compose service, what is kept where, what it needs of a
//! machine. Their commands are run by `quickstart.rs`.

use e2e::program::{block_on, root};
use seatrial_harness::command::Cmd;
use seatrial_harness::tools::Tools;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).expect("a file of this repository")
}

/// The objects that Helm renders, with values-dev.yaml or without.
fn objects(is_dev: bool) -> Vec<Value> {
    let chart = root().join("charts/strato");
    let values = chart.join("values-dev.yaml");
    let args = ["template", "strato", chart.as_str(), "--namespace", "strato"];
    let more: &[&str] = if is_dev { &["--values", values.as_str()] } else { &[] };
    let helm = Cmd::new(Tools::find_helm().expect("Helm")).args(args).args(more).timeout(Duration::from_mins(1));
    let rendered = format!("\n{}", block_on(helm.run_ok()).expect("a render").stdout);
    let documents = rendered.split("\n---").map(|text| serde_yaml::from_str::<Value>(text).expect("YAML"));
    documents.filter(|object| !object.is_null()).collect()
}

/// The rows of the table that begins with these words, cell by cell.
fn table(text: &str, head: &str) -> Vec<Vec<String>> {
    let lines = text.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// The words of a text that stand between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Compose services without an object in the chart.
fn left_out(document: &str, objects: &[Value]) -> Vec<String> {
    let names: BTreeSet<&str> = objects.iter().filter_map(|object| object["metadata"]["name"].as_str()).collect();
    let rows = table(document, "| compose service");
    assert!(rows.len() > 5, "{rows:?}");
    let is_there =
        |row: &[String]| !quoted(&row[1]).is_empty() && quoted(&row[1]).iter().all(|name| names.contains(name));
    rows.into_iter().filter(|row| !is_there(row)).map(|row| row[0].clone()).collect()
}

#[test]
fn every_compose_service_is_in_the_chart() {
    assert_eq!(left_out(&text("docs/strato/migration.md"), &objects(false)), Vec::<String>::new());
}

#[test]
fn a_service_that_was_left_out_is_told() {
    let document = text("docs/strato/migration.md");
    let without: Vec<Value> =
        objects(false).into_iter().filter(|object| object["metadata"]["name"] != "permify").collect();
    assert_eq!(left_out(&document, &without), ["`permify`"]);
}

/// Words of the data model that the programs don't know: frames, columns, entities.
fn unknown(document: &str) -> Vec<String> {
    let frames = text("crates/workloads/src/frames.rs");
    let database = text("crates/workloads/src/strato_control_plane/database.rs");
    let permify = text("crates/workloads/src/strato_control_plane/permify.rs");
    let variant = |snake: &str| -> String {
        let words = snake.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
        words.collect()
    };
    let mut unknown = Vec::new();
    let tables = ["| type | from", "| column of `vms`", "| entity"];
    for (number, head) in tables.iter().enumerate() {
        let rows = table(document, head);
        assert!(rows.len() > 1, "{head}: {rows:?}");
        for word in rows.iter().filter_map(|row| quoted(&row[0]).first().copied()) {
            let is_known = match number {
                0 => frames.contains(&format!("    {}(", variant(word))),
                1 => database.contains(&format!("    {word} ")),
                _ => permify.contains(&format!("entity {word} ")),
            };
            if !is_known {
                unknown.push(word.to_owned());
            }
        }
    }
    unknown
}

#[test]
fn the_data_model_is_that_of_the_programs() {
    assert_eq!(unknown(&text("docs/strato/data-model.md")), Vec::<String>::new());
}

#[test]
fn a_word_that_no_program_knows_is_told() {
    let document = text("docs/strato/data-model.md");
    let changed = document
        .replace("| `heartbeat_ack` |", "| `heartbeat_nak` |")
        .replace("| `owner` | text |", "| `boss` | text |");
    assert_eq!(unknown(&changed), ["heartbeat_nak", "boss"]);
}

/// What all pods of a render ask for, or may take at most: `275m CPU, 352Mi`.
fn sum(objects: &[Value], which: &str) -> String {
    let pods = objects.iter().filter_map(|object| object.pointer("/spec/template/spec/containers")?.as_array());
    let (mut milli, mut mebi) = (0, 0);
    for container in pods.flatten() {
        let amounts = &container["resources"][which];
        milli += amount(&amounts["cpu"], "m");
        mebi += amount(&amounts["memory"], "Mi");
    }
    format!("{milli}m CPU, {mebi}Mi")
}

fn amount(value: &Value, unit: &str) -> u64 {
    let text = value.as_str().unwrap_or_else(|| panic!("an amount in {unit}: {value}"));
    text.strip_suffix(unit).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{text} in {unit}"))
}

/// Amounts that the page does not say.
fn undocumented(page: &str) -> Vec<String> {
    let renders = [("`values-dev.yaml`", objects(true)), ("`values.yaml`", objects(false))];
    let rows = renders.iter().map(|(values, objects)| {
        format!("| {values}, all pods | {} | {} |", sum(objects, "requests"), sum(objects, "limits"))
    });
    rows.filter(|row| !page.contains(row)).collect()
}

#[test]
fn the_documented_needs_are_those_of_the_chart() {
    assert_eq!(undocumented(&text("docs/strato/research.md")), Vec::<String>::new());
}

#[test]
fn needs_that_have_grown_are_told() {
    let page = text("docs/strato/research.md").replace("275m CPU", "270m CPU");
    assert_eq!(undocumented(&page).len(), 1);
}

/// Why file sync is not used: nothing could be copied into an image without a base.
fn has_a_base(dockerfile: &str) -> bool {
    let mut from = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM "));
    from.next_back().is_none_or(|base| base.trim() != "scratch")
}

#[test]
fn file_sync_is_considered() {
    assert!(text("docs/strato/research.md").contains("**File sync was considered and is not used.**"));
    for image in ["strato-control-plane", "strato-agent"] {
        assert!(
            !has_a_base(&text(&format!("images/{image}/Dockerfile"))),
            "{image} has a base: consider file sync again"
        );
    }
}

#[test]
fn a_base_that_files_could_be_copied_into_is_told() {
    assert!(has_a_base("# Debian\nFROM debian:12\nCOPY a /a\n"));
}
