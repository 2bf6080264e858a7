//! Expectations against values: the one comparison that every check shares.

use crate::model::{Comparison, Expectation, ObjectPath, Operator, PathStep};
use crate::pattern::pattern;
use crate::units::is_with_unit;
pub use crate::units::{duration, quantity};
use serde_json::Value;
use std::fmt::Write as _;

/// One place where a value is not what was promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The path below the value that was checked; empty for the value itself.
    pub path: String,
    /// What was promised.
    pub expected: String,
    /// What was seen.
    pub seen: String,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "expected {}, seen {}", self.expected, self.seen)
    }
}

/// Compares a value (`None` or null: it is not there) with what is expected of it. `before` is the value before `when`.
#[must_use]
pub fn check(expectation: &Expectation, actual: Option<&Value>, before: Option<&Value>) -> Vec<Mismatch> {
    let actual = actual.filter(|value| !value.is_null());
    match (expectation, actual) {
        (Expectation::Absent, None) | (Expectation::Present, Some(_)) => Vec::new(),
        (Expectation::Absent, Some(seen)) => mismatch("absent", seen),
        (Expectation::Unchanged, seen) => unchanged(seen, before),
        (expected, None) => vec![not_there(expected)],
        (Expectation::Equal(expected), Some(seen)) if is_equal(expected, seen) => Vec::new(),
        (Expectation::Equal(expected), Some(seen)) => mismatch(&show(expected), seen),
        (Expectation::Compare(comparison), Some(seen)) => compare(comparison, seen),
        (Expectation::Cel(source), Some(seen)) => by_cel(source, seen, None),
        (Expectation::Map(entries), Some(seen)) => map(entries, seen, before),
        (Expectation::List(items), Some(seen)) => list(items, seen, before),
    }
}

/// Compares every value that a path names in an object; a path with `*` that names none is a mismatch of its own.
/// The paths of mismatches are counted from the object.
#[must_use]
pub fn check_path(
    path: &ObjectPath,
    expectation: &Expectation,
    object: &Value,
    before: Option<&Value>,
) -> Vec<Mismatch> {
    let found = at_path(path, object);
    if found.is_empty() {
        let seen = "no item".to_owned();
        return vec![Mismatch { path: path.to_string(), expected: "at least one item".to_owned(), seen }];
    }
    let earlier: Vec<_> = before.map(|object| at_path(path, object)).unwrap_or_default();
    let mut mismatches = Vec::new();
    for (at, value) in found {
        let before = earlier.iter().find(|(path, _)| *path == at).and_then(|(_, value)| *value);
        mismatches.extend(check(expectation, value, before).into_iter().map(|m| under(&at, m)));
    }
    mismatches
}

/// The values that a path names, each with its own path (`*` written out). A missing key gives one entry with `None`;
/// `*` over an empty or missing list gives no entry at all, which is never a pass: `*` means at least one.
#[must_use]
pub fn at_path<'v>(path: &ObjectPath, object: &'v Value) -> Vec<(String, Option<&'v Value>)> {
    let mut found = Vec::new();
    walk(&path.0, object, String::new(), &mut found);
    found
}

fn walk<'v>(steps: &[PathStep], value: &'v Value, at: String, found: &mut Vec<(String, Option<&'v Value>)>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push((at, Some(value)));
        return;
    };
    match step {
        PathStep::All => {
            for (name, item) in items(value) {
                walk(rest, item, join(&at, &name), found);
            }
        }
        PathStep::Key(_) => match longest_key(steps, value) {
            Some((key, used, item)) => walk(&steps[used..], item, join(&at, &key), found),
            None if rest.contains(&PathStep::All) => {}
            None => found.push((join(&at, &ObjectPath(steps.to_vec()).to_string()), None)),
        },
    }
}

/// The next key: the first step, or the first steps joined by dots where only that is a key (`helm.sh/x`).
fn longest_key<'v>(steps: &[PathStep], value: &'v Value) -> Option<(String, usize, &'v Value)> {
    let mut joined = String::new();
    for (i, step) in steps.iter().enumerate() {
        let PathStep::Key(key) = step else { return None };
        joined = join(&joined, key);
        if let Some(item) = child(value, &joined) {
            return Some((joined, i + 1, item));
        }
    }
    None
}

/// An entry of a map by its key; an item of a list by its `name`, `type` or `key`, or by its number.
fn child<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(map) => map.get(key),
        Value::Array(list) => {
            let named = |word: &str| list.iter().find(|item| item.get(word).and_then(Value::as_str) == Some(key));
            named("name")
                .or_else(|| named("type"))
                .or_else(|| named("key"))
                .or_else(|| list.get(key.parse::<usize>().ok()?))
        }
        _ => None,
    }
}

/// Every item with its name (or number), every entry with its key.
fn items(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(map) => map.iter().map(|(key, item)| (key.clone(), item)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(i, item)| (item_name(i, item), item)).collect(),
        _ => Vec::new(),
    }
}

fn item_name(number: usize, item: &Value) -> String {
    let named = ["name", "type", "key"].iter().find_map(|word| item.get(word).and_then(Value::as_str));
    named.map_or_else(|| number.to_string(), ToOwned::to_owned)
}

fn unchanged(seen: Option<&Value>, before: Option<&Value>) -> Vec<Mismatch> {
    match (before, seen) {
        (Some(before), Some(seen)) if before == seen => Vec::new(),
        (Some(before), Some(seen)) => mismatch(&format!("unchanged ({})", show(before)), seen),
        (Some(before), None) => {
            vec![Mismatch::here(&format!("unchanged ({})", show(before)), "absent")]
        }
        (None, Some(seen)) => mismatch("unchanged, but nothing was there before", seen),
        (None, None) => vec![Mismatch::here("unchanged, but nothing was there before", "absent")],
    }
}

fn map(entries: &[(String, Expectation)], seen: &Value, before: Option<&Value>) -> Vec<Mismatch> {
    if !seen.is_object() && !seen.is_array() {
        return mismatch("a map", seen);
    }
    let mut mismatches = Vec::new();
    for (key, expectation) in entries {
        let before = before.and_then(|value| child(value, key));
        mismatches.extend(check(expectation, child(seen, key), before).into_iter().map(|m| under(key, m)));
    }
    mismatches
}

/// Each expected item must match some item; with one item only, the mismatch says where it differs.
fn list(expected: &[Expectation], seen: &Value, before: Option<&Value>) -> Vec<Mismatch> {
    let Value::Array(seen_items) = seen else { return mismatch("a list", seen) };
    let mut mismatches = Vec::new();
    for expectation in expected {
        if seen_items.iter().any(|item| check(expectation, Some(item), before).is_empty()) {
            continue;
        }
        match seen_items.as_slice() {
            [only] => {
                let name = item_name(0, only);
                mismatches.extend(check(expectation, Some(only), before).into_iter().map(|m| under(&name, m)));
            }
            _ => mismatches.extend(mismatch(&format!("an item {}", describe(expectation)), seen)),
        }
    }
    mismatches
}

/// An expression against a value; `now` is the moment at which the value was given, RFC 3339.
pub(crate) fn by_cel(source: &str, seen: &Value, now: Option<&str>) -> Vec<Mismatch> {
    let expected = format!("cel `{source}`");
    match crate::cel::holds(source, seen, now) {
        Ok(true) => Vec::new(),
        Ok(false) => vec![Mismatch::here(&expected, &format!("false for {}", show(seen)))],
        Err(why) => vec![Mismatch::here(&expected, &format!("no answer ({why}) for {}", show(seen)))],
    }
}

fn compare(comparison: &Comparison, seen: &Value) -> Vec<Mismatch> {
    if is_true(comparison, seen) { Vec::new() } else { mismatch(&describe_comparison(comparison), seen) }
}

fn is_true(comparison: &Comparison, seen: &Value) -> bool {
    let Some(text) = scalar(seen) else { return false };
    let operand = comparison.operand.as_str();
    match comparison.operator {
        Operator::Literal => text == operand,
        Operator::Not => !(text == operand || is_equal(&Value::from(operand), seen)),
        Operator::Matches => pattern(operand).is_ok_and(|regex| regex.is_match(&text)),
        Operator::Less => ordered(&text, operand).is_some_and(|(seen, limit)| seen < limit),
        Operator::AtMost => ordered(&text, operand).is_some_and(|(seen, limit)| seen <= limit),
        Operator::Greater => ordered(&text, operand).is_some_and(|(seen, limit)| seen > limit),
        Operator::AtLeast => ordered(&text, operand).is_some_and(|(seen, limit)| seen >= limit),
    }
}

/// Both as quantities, or both as durations in seconds.
fn ordered(seen: &str, limit: &str) -> Option<(f64, f64)> {
    let quantities = || Some((quantity(seen)?, quantity(limit)?));
    let durations = || Some((duration(seen)?.as_secs_f64(), duration(limit)?.as_secs_f64()));
    quantities().or_else(durations)
}

/// The same scalar. Quantities are the same by amount where that can be meant: a number against a text, or a unit in
/// one of them; `1.10` and `1.1` as texts are different versions.
fn is_equal(expected: &Value, seen: &Value) -> bool {
    match (expected, seen) {
        (Value::Number(a), Value::Number(b)) => a == b || same_amount(a.as_f64(), b.as_f64()),
        (Value::String(a), Value::String(b)) => {
            a == b || ((is_with_unit(a) || is_with_unit(b)) && same_amount(quantity(a), quantity(b)))
        }
        (Value::Number(a), Value::String(b)) | (Value::String(b), Value::Number(a)) => {
            same_amount(a.as_f64(), quantity(b))
        }
        (a, b) => a == b,
    }
}

/// Equal but for the rounding of binary fractions (`0.1` against `100m`).
fn same_amount(a: Option<f64>, b: Option<f64>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if (a - b).abs() <= a.abs().max(b.abs()) * 1e-12)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// What an expectation asks, in one line: `"~ ^a"`, `{ name: http, containerPort: 5000 }`.
#[must_use]
pub fn describe(expectation: &Expectation) -> String {
    match expectation {
        Expectation::Absent => "absent".to_owned(),
        Expectation::Present => "present".to_owned(),
        Expectation::Unchanged => "unchanged".to_owned(),
        Expectation::Equal(value) => show(value),
        Expectation::Compare(comparison) => describe_comparison(comparison),
        Expectation::Cel(source) => format!("cel `{source}`"),
        Expectation::Map(entries) => {
            let entries: Vec<String> = entries.iter().map(|(key, e)| format!("{key}: {}", describe(e))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Expectation::List(items) => {
            let items: Vec<String> = items.iter().map(describe).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

fn describe_comparison(comparison: &Comparison) -> String {
    let operator = match comparison.operator {
        Operator::Less => "<",
        Operator::AtMost => "<=",
        Operator::Greater => ">",
        Operator::AtLeast => ">=",
        Operator::Not => "!=",
        Operator::Matches => "~",
        Operator::Literal => "=",
    };
    format!("{operator} {}", comparison.operand)
}

/// A value in one line, long ones cut.
#[must_use]
pub fn show(value: &Value) -> String {
    let text = match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(300) {
        Some((cut, _)) => {
            let mut short = text[..cut].to_owned();
            let _ = write!(short, "… ({} characters)", text.chars().count());
            short
        }
        None => text,
    }
}

fn mismatch(expected: &str, seen: &Value) -> Vec<Mismatch> {
    vec![Mismatch::here(expected, &show(seen))]
}

fn not_there(expectation: &Expectation) -> Mismatch {
    Mismatch::here(&describe(expectation), "absent")
}

impl Mismatch {
    fn here(expected: &str, seen: &str) -> Self {
        Self { path: String::new(), expected: expected.to_owned(), seen: seen.to_owned() }
    }
}

fn under(parent: &str, mismatch: Mismatch) -> Mismatch {
    let path = if mismatch.path.is_empty() { parent.to_owned() } else { join(parent, &mismatch.path) };
    Mismatch { path, ..mismatch }
}

fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() { key.to_owned() } else { format!("{parent}.{key}") }
}

#[cfg(test)]
#[path = "expect_tests.rs"]
mod tests;
