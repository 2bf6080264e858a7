//! Schemas that let through what the contract says they refuse; the verdict points at what they say of the value.

use super::Named;
use crate::case::{Case, Expected};
use crate::chart::{Chart, Line};
use serde_json::Value;

const FILE: &str = "values.schema.json";

pub(super) const MUTANTS: &[Named] = &[
    ("no-type", |c| at(c, "/properties/replicas", |replicas| without(replicas, "type"), "    replicas")),
    ("no-minimum", |c| at(c, "/properties/replicas", |replicas| without(replicas, "minimum"), "    replicas")),
    ("no-maximum", |c| at(c, "/properties/replicas", |replicas| without(replicas, "maximum"), "    replicas")),
    ("no-list-of-words", |c| {
        at(c, "/properties/log/properties/level", |level| without(level, "enum"), "        level")
    }),
    ("another-word-in-the-list", |c| {
        at(c, "/properties/log/properties/level/enum", |words| words[0] = "loud".into(), "        level")
    }),
    ("nothing-required", |c| at(c, "/properties/log", |log| without(log, "required"), "      properties")),
    ("any-name", |c| at(c, "/properties/names", |names| without(names, "additionalProperties"), "    names")),
    ("property-misspelled", |c| {
        let misspell = |all: &mut Value| {
            let replicas = all["replicas"].take();
            without(all, "replicas");
            all["replica"] = replicas;
        };
        at(c, "/properties", misspell, "  properties")
    }),
];

fn without(value: &mut Value, key: &str) {
    drop(value.as_object_mut().expect("a map").shift_remove(key));
}

/// The schema with another value at a place; the verdict points at the line of this key, so far to the right.
fn at(chart: &Chart, pointer: &str, change: impl Fn(&mut Value), shown: &str) -> Vec<Case> {
    let mut schema: Value = serde_json::from_str(&chart.files[FILE]).expect("JSON");
    change(schema.pointer_mut(pointer).expect("it is there"));
    let text = format!("{schema:#}\n");
    let key = shown.trim_start();
    let shown = shown.replace(key, &format!("\"{key}\":"));
    let line = 1 + text.lines().position(|line| line.starts_with(&shown)).expect("the key");
    let mut chart = chart.clone();
    let line = Line { file: format!("charts/{}/{FILE}", chart.name()), rendered: None, template: Some(line) };
    chart.files.insert(FILE.to_owned(), text);
    vec![Case { chart, clause: Some("refuses-nonsense".to_owned()), expected: Expected::Line(line) }]
}
