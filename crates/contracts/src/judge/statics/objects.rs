//! `rendered` and `objects`: written clauses about the files.

use super::{Facts, Finding, Inspected};
use crate::judge::checks::rendered as broken_fields;
use crate::model::ObjectExpectations;
use indexmap::IndexMap;

pub(super) fn rendered(facts: &Facts<'_>, expected: &ObjectExpectations) -> Inspected {
    let mut inspected = Inspected::new("expectations");
    inspected.n = expected.0.iter().map(|(_, fields)| fields.len()).sum();
    let broken = broken_fields(expected, facts.graph);
    inspected.findings = broken
        .into_iter()
        .map(|(message, place)| match place {
            Some((document, path)) => {
                let path = steps(&document.value, &path);
                Finding::at(document, &path, message)
            }
            None => Finding::nowhere(message),
        })
        .collect();
    inspected
}

/// The path of a mismatch, list items by their number, as far as the object has it.
fn steps(object: &serde_json::Value, path: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut value = object;
    let mut rest = path;
    while !rest.is_empty() {
        let Some((step, key, next)) = longest(value, rest) else { break };
        steps.push(step);
        value = next;
        rest = rest[key..].trim_start_matches('.');
    }
    steps
}

/// The longest part of the path that is a key here: its step, its length, and what it leads to.
fn longest<'v>(value: &'v serde_json::Value, path: &str) -> Option<(String, usize, &'v serde_json::Value)> {
    let ends = path.match_indices('.').map(|(i, _)| i).chain([path.len()]);
    let mut found = None;
    for end in ends {
        let key = &path[..end];
        match value {
            serde_json::Value::Object(map) if map.contains_key(key) => found = Some((key.to_owned(), end, &map[key])),
            serde_json::Value::Array(items) => {
                let is_it = |i: &serde_json::Value| ["name", "type", "key"].iter().any(|k| i[*k].as_str() == Some(key));
                let index = items.iter().position(is_it).or_else(|| key.parse().ok().filter(|i| *i < items.len()));
                found = index.map(|i| (i.to_string(), end, &items[i])).or(found);
            }
            _ => {}
        }
    }
    found
}

pub(super) fn counts(facts: &Facts<'_>, expected: &IndexMap<String, u64>) -> Inspected {
    let mut inspected = Inspected::new("kinds");
    let mut seen: IndexMap<&str, u64> = IndexMap::new();
    for document in &facts.graph.documents {
        *seen.entry(document.kind()).or_default() += 1;
    }
    for (kind, count) in expected {
        let n = seen.get(kind.as_str()).copied().unwrap_or(0);
        let message = format!("{kind}: expected {count} in the render, seen {n}");
        inspected.subject((n != *count).then(|| Finding::nowhere(message)));
    }
    for document in facts.graph.documents.iter().filter(|d| !expected.contains_key(d.kind())) {
        let message = format!("{}: expected no {} in the render, seen one", document.target(), document.kind());
        inspected.subject([Finding::at(document, &Vec::new(), message)]);
    }
    inspected
}
