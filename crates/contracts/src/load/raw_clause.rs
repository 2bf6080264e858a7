//! What of a clause is the same in all its environments: where it is judged, its elements, its place.

use super::check_word::read;
use super::clause_file::{EachFile, EachOfFile};
use super::findings::Findings;
use super::one_or_many::OneOrMany;
use super::sections::word;
use crate::diagnostic::{Places, child, hint};
use crate::model::{Environment, ROWS, RawClause};
use indexmap::IndexMap;
use jiff::civil::Date;
use serde_json::Value;

/// What a clause may name.
pub(super) struct Around<'a> {
    pub(super) environments: &'a IndexMap<String, Environment>,
    pub(super) known_rows: Option<&'a std::collections::BTreeSet<String>>,
    pub(super) today: Date,
}

pub(super) fn raw_clause(
    name: &str,
    tree: &Value,
    places: &Places,
    around: &Around<'_>,
    found: &mut Findings<'_>,
) -> RawClause {
    let at = child("/clauses", name);
    word(name, &at, found);
    reserved(name, &at, found);
    rows(tree, &at, around, found);
    same(tree, &at, around, found);
    RawClause {
        tree: tree.clone(),
        line: places.at(&at).key.line,
        places: places.below(&at),
        environments: environments(tree, &at, around, found),
        is_skip_expired: is_expired(tree, around.today),
        pack: None,
        params: IndexMap::new(),
        each: each(tree, &at, found),
    }
}

/// Implicit clauses have these names.
pub(super) const IMPLICIT: [&str; 5] = ["renders", "named", "installs", "ready", "reachable"];

fn reserved(name: &str, at: &str, found: &mut Findings<'_>) {
    if IMPLICIT.contains(&name) {
        let hint = Some("every chart has a clause of that name; say what is particular here".to_owned());
        found.key(at, "bad-name", format!("`{name}` is the name of an implicit clause"), hint);
    }
}

pub(super) fn environments(tree: &Value, at: &str, around: &Around<'_>, found: &mut Findings<'_>) -> Vec<String> {
    let known = || around.environments.keys().map(String::as_str);
    let Some(value) = tree.get("in") else { return known().map(ToOwned::to_owned).collect() };
    let at = child(at, "in");
    let names: Option<OneOrMany<String>> = read(value, &at, found);
    let names = names.map(|names| names.at(&at)).unwrap_or_default();
    for (i, (at, name)) in names.iter().enumerate() {
        if names[..i].iter().any(|(_, other)| other == name) {
            found.value(at, "duplicate-name", format!("the environment `{name}` is written twice"), None);
        }
        if !around.environments.contains_key(name) {
            let hint = hint(name, known().collect::<Vec<_>>());
            found.value(at, "unknown-environment", format!("there is no environment `{name}`"), hint);
        }
    }
    names.into_iter().map(|(_, name)| name).collect()
}

/// `same` names environments that there are.
fn same(tree: &Value, at: &str, around: &Around<'_>, found: &mut Findings<'_>) {
    let names = tree.get("same").and_then(Value::as_array).into_iter().flatten();
    for (i, name) in names.enumerate() {
        let unknown = name.as_str().filter(|name| !around.environments.contains_key(*name));
        if let Some(name) = unknown {
            let hint = hint(name, around.environments.keys().map(String::as_str).collect::<Vec<_>>());
            let at = format!("{}/{i}", child(at, "same"));
            found.value(&at, "unknown-environment", format!("there is no environment `{name}`"), hint);
        }
    }
}

fn rows(tree: &Value, at: &str, around: &Around<'_>, found: &mut Findings<'_>) {
    let (Some(value), Some(known)) = (tree.get("covers"), around.known_rows) else { return };
    let at = child(at, "covers");
    let Some(rows) = read::<OneOrMany<String>>(value, &at, found) else { return };
    for (at, row) in rows.at(&at) {
        if !known.contains(&row) {
            let hint = crate::diagnostic::nearest(&row, known.iter().map(String::as_str));
            let hint = hint.map(|near| format!("did you mean `{near}`?"));
            found.value(&at, "unknown-row", format!("`{row}` is no requirement row"), hint);
        }
    }
}

fn is_expired(tree: &Value, today: Date) -> bool {
    let until = tree.pointer("/skip/until").and_then(Value::as_str);
    until.and_then(|text| text.parse::<Date>().ok()).is_some_and(|until| until < today)
}

fn each(tree: &Value, at: &str, found: &mut Findings<'_>) -> IndexMap<String, IndexMap<String, Value>> {
    let Some(value) = tree.get("each") else { return IndexMap::new() };
    let at = child(at, "each");
    let variables = match read(value, &at, found) {
        None => return IndexMap::new(),
        Some(EachOfFile::Rows(rows)) => return IndexMap::from([(ROWS.to_owned(), named_rows(&rows, &at, found))]),
        Some(EachOfFile::One(variables)) => variables,
    };
    if variables.len() != 1 {
        let hint = Some("one variable with its elements, or a list of maps of variables".to_owned());
        found.key(&at, "bad-each", format!("`each` has {} variables", variables.len()), hint);
        return IndexMap::new();
    }
    let named = variables.into_iter().map(|(name, file)| {
        let at = child(&at, &name);
        let elements = elements(file, &at, found);
        (name, elements)
    });
    named.collect()
}

fn elements(file: EachFile, at: &str, found: &mut Findings<'_>) -> IndexMap<String, Value> {
    let mut elements = IndexMap::new();
    let named: Vec<(String, String, Value)> = match file {
        EachFile::Map(map) => map.into_iter().map(|(name, value)| (child(at, &name), name, value)).collect(),
        EachFile::List(list) => {
            let items = list.into_iter().enumerate();
            items.map(|(i, item)| (format!("{at}/{i}"), text(&item.0), item.0)).collect()
        }
    };
    for (at, name, value) in named {
        self::named(&name, &at, found);
        if elements.insert(name.clone(), value).is_some() {
            found.key(&at, "duplicate-key", format!("the element `{name}` is written twice"), None);
        }
    }
    elements
}

/// Elements with several variables: the same ones each, so that no reference is known to some of them only.
fn named_rows(rows: &[IndexMap<String, Value>], at: &str, found: &mut Findings<'_>) -> IndexMap<String, Value> {
    let mut elements = IndexMap::new();
    let first: Vec<&String> = rows.first().map(|row| row.keys().collect()).unwrap_or_default();
    for (i, row) in rows.iter().enumerate() {
        let at = format!("{at}/{i}");
        for missing in first.iter().filter(|key| !row.contains_key(**key)) {
            found.value(&at, "bad-each", format!("this element has no `{missing}`, which the first one has"), None);
        }
        for more in row.keys().filter(|key| !first.contains(key)) {
            found.key(&child(&at, more), "bad-each", format!("the first element has no `{more}`"), None);
        }
        let name = row_name(row);
        named(&name, &at, found);
        if elements.insert(name.clone(), Value::Object(row.clone().into_iter().collect())).is_some() {
            let hint = Some("give each a `name` of its own".to_owned());
            found.value(&at, "duplicate-key", format!("the element `{name}` is written twice"), hint);
        }
    }
    elements
}

/// Its `name`, else its plain values one after another.
fn row_name(row: &IndexMap<String, Value>) -> String {
    if let Some(name) = row.get("name") {
        return text(name);
    }
    let plain = row.values().filter(|value| !value.is_object() && !value.is_array());
    plain.map(text).collect::<Vec<_>>().join("-")
}

fn named(name: &str, at: &str, found: &mut Findings<'_>) {
    if name.is_empty() || name.contains(['[', ']', ' ', '$']) || name.contains("::") {
        let hint = Some("an element is part of a test's name: give it one in a map, or by `name`".to_owned());
        found.key(at, "bad-name", format!("`{name}` is no name of an element"), hint);
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
