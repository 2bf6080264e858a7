//! `after` and `holds` name clauses that exist, and no clause waits for itself.

use super::findings::Findings;
use super::raw_clause::IMPLICIT;
use crate::diagnostic::{Diagnostic, hint};
use crate::model::RawClause;
use crate::plan::defaults;
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::HashSet;

/// A name in `after` or `holds`, and where in its clause it is written.
struct Named<'a> {
    at: String,
    name: &'a str,
}

/// The mistakes of all names. A clause of a pack that is switched off is not there, and is named in vain without one.
pub(super) fn check(clauses: &IndexMap<String, RawClause>, without: &IndexMap<String, String>) -> Vec<Diagnostic> {
    let mut mistakes = Vec::new();
    for raw in clauses.values() {
        let mut found = Findings::new(raw.places.clone());
        for named in names(raw) {
            exists(&named, clauses, without, &mut found);
        }
        mistakes.extend(found.into_list());
    }
    let mut done = HashSet::new();
    for clause in clauses.keys() {
        visit(clause, clauses, &mut Vec::new(), &mut done, &mut mistakes);
    }
    mistakes
}

/// Everything that a clause names, in `after`, in `holds` and in the `holds` of `then` and `before`.
fn names(raw: &RawClause) -> Vec<Named<'_>> {
    let mut names = Vec::new();
    for path in ["/after", "/holds"] {
        collect(path, raw.tree.pointer(path), &mut names);
    }
    for path in ["/then", "/before"] {
        match raw.tree.pointer(path) {
            Some(Value::Array(steps)) => {
                for (i, step) in steps.iter().enumerate() {
                    collect(&format!("{path}/{i}/holds"), step.get("holds"), &mut names);
                }
            }
            Some(step) => collect(&format!("{path}/holds"), step.get("holds"), &mut names),
            None => {}
        }
    }
    names
}

fn collect<'a>(at: &str, value: Option<&'a Value>, names: &mut Vec<Named<'a>>) {
    match value {
        Some(Value::String(name)) if !name.contains("$(") => names.push(Named { at: at.to_owned(), name }),
        Some(Value::Array(items)) => {
            for (i, item) in items.iter().enumerate() {
                collect(&format!("{at}/{i}"), Some(item), names);
            }
        }
        _ => {}
    }
}

fn exists(
    named: &Named<'_>,
    clauses: &IndexMap<String, RawClause>,
    without: &IndexMap<String, String>,
    found: &mut Findings<'_>,
) {
    let (clause, element) = split(named.name);
    let Some(raw) = clauses.get(clause) else {
        let is_given = IMPLICIT.contains(&clause) || defaults().contains(&clause) || without.contains_key(clause);
        if !is_given || named.at.ends_with("/holds") {
            let hint = hint(clause, clauses.keys().map(String::as_str).collect::<Vec<_>>());
            found.value(&named.at, "unknown-clause", format!("there is no clause `{clause}`"), hint);
        }
        return;
    };
    let elements: Vec<&str> = raw.each.values().flat_map(|elements| elements.keys().map(String::as_str)).collect();
    if let Some(element) = element.filter(|element| !elements.contains(element)) {
        let hint = hint(element, elements);
        found.value(&named.at, "unknown-clause", format!("`{clause}` has no element `{element}`"), hint);
    }
}

/// `clause[element]` → its two parts.
fn split(name: &str) -> (&str, Option<&str>) {
    match name.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        Some((clause, element)) => (clause, Some(element)),
        None => (name, None),
    }
}

/// Walks depth first; a name that is on the way already closes a circle.
fn visit<'a>(
    clause: &'a str,
    clauses: &'a IndexMap<String, RawClause>,
    way: &mut Vec<&'a str>,
    done: &mut HashSet<&'a str>,
    mistakes: &mut Vec<Diagnostic>,
) {
    if done.contains(clause) {
        return;
    }
    let Some((clause, raw)) = clauses.get_key_value(clause) else { return };
    way.push(clause);
    for named in names(raw) {
        let (next, _) = split(named.name);
        if let Some(start) = way.iter().position(|name| *name == next) {
            let circle = [&way[start..], &[next]].concat().join(" → ");
            let mut found = Findings::new(raw.places.clone());
            found.value(&named.at, "circle", format!("a circle of prerequisites: {circle}"), None);
            mistakes.extend(found.into_list());
            continue;
        }
        visit(next, clauses, way, done, mistakes);
    }
    way.pop();
    done.insert(clause);
}
