//! Expectations as they are written: plain YAML, with words (`absent`) and operators (`< 80%`) in strings.

use super::findings::Findings;
use super::scalars::path;
use crate::diagnostic::child;
use crate::model::{Comparison, Expectation, ObjectPath, Operator};
use crate::pattern::pattern;
use crate::units;
use serde_json::{Map, Value};

/// Operators, the longer ones first.
const OPERATORS: [(&str, Operator); 7] = [
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("!=", Operator::Not),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("~", Operator::Matches),
    ("=", Operator::Literal),
];

/// Any value as an expectation.
pub(crate) fn expectation(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Expectation> {
    match value {
        Value::Null => Some(Expectation::Absent),
        Value::Bool(_) | Value::Number(_) => Some(Expectation::Equal(value.clone())),
        Value::String(text) => string(text, at, found),
        Value::Array(items) if items.is_empty() => empty("an empty list", at, found),
        Value::Object(entries) if entries.is_empty() => empty("an empty map", at, found),
        Value::Array(items) => {
            let parsed: Vec<_> =
                items.iter().enumerate().map(|(i, item)| expectation(item, &format!("{at}/{i}"), found)).collect();
            parsed.into_iter().collect::<Option<Vec<_>>>().map(Expectation::List)
        }
        Value::Object(entries) => {
            let parsed: Vec<_> = entries
                .iter()
                .map(|(key, item)| Some((key.clone(), expectation(item, &child(at, key), found)?)))
                .collect();
            parsed.into_iter().collect::<Option<Vec<_>>>().map(Expectation::Map)
        }
    }
}

/// A map whose keys are paths: path → expectation.
pub(crate) fn by_path(
    entries: &Map<String, Value>,
    at: &str,
    found: &mut Findings<'_>,
) -> Option<Vec<(ObjectPath, Expectation)>> {
    if entries.is_empty() {
        empty("an empty map", at, found);
        return None;
    }
    let mut parsed = Vec::new();
    for (key, value) in entries {
        let at = child(at, key);
        if key == "cel" {
            parsed.push(cel(value, &at, found).map(|cel| (ObjectPath::default(), cel)));
            continue;
        }
        let path = path(key, &at, found);
        let expectation = expectation(value, &at, found);
        parsed.push(path.zip(expectation));
    }
    parsed.into_iter().collect()
}

/// What is longer is not shown whole: what is wrong with it comes after it.
const LONGEST_SHOWN: usize = 200;

/// An expression of CEL; that it can be read is looked at at once.
pub(crate) fn cel(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Expectation> {
    let Some(source) = value.as_str() else {
        found.value(at, "wrong-type", "expected a text: an expression of CEL", None);
        return None;
    };
    if let Some(problem) = crate::cel::problem(source) {
        let hint = Some("expressions see `object`, `json` and `now`: object.spec.replicas > 1".to_owned());
        let shown: String = source.chars().take(LONGEST_SHOWN).collect();
        found.value(at, "bad-cel", format!("`{shown}` is no expression of CEL: {problem}"), hint);
        return None;
    }
    Some(Expectation::Cel(source.to_owned()))
}

/// A text: one of the words, an operator and its operand, or itself.
pub(crate) fn string(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Expectation> {
    match text {
        "absent" => return Some(Expectation::Absent),
        "present" => return Some(Expectation::Present),
        "unchanged" => return Some(Expectation::Unchanged),
        _ => {}
    }
    let Some((sign, operator)) = OPERATORS.iter().find(|(sign, _)| text.starts_with(sign)) else {
        return Some(Expectation::Equal(Value::from(text)));
    };
    let operand = text[sign.len()..].trim_start();
    is_operand(*operator, operand, at, found)
        .then(|| Expectation::Compare(Comparison { operator: *operator, operand: operand.to_owned() }))
}

/// Looks whether the operand fits; a regular expression compiles, a limit is an amount.
fn is_operand(operator: Operator, operand: &str, at: &str, found: &mut Findings<'_>) -> bool {
    match operator {
        Operator::Literal => true,
        _ if operand.is_empty() => {
            let hint = Some("to compare with the sign itself, write `= ` before it".to_owned());
            found.value(at, "bad-operand", "an operator without an operand", hint);
            false
        }
        Operator::Not => true,
        Operator::Matches => match pattern(operand) {
            Ok(_) => true,
            Err(error) => {
                let last = error.to_string();
                let last = last.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                found.value(at, "bad-regex", format!("`{operand}` is no regular expression: {last}"), None);
                false
            }
        },
        // What it is, the run knows.
        _ if operand.starts_with("$(") => true,
        _ if is_amount(operand) => true,
        _ => {
            let hint = "amounts are written 100Mi, 1GB, 500m, 200ms, 3 or 80% of limit".to_owned();
            found.value(at, "bad-quantity", format!("`{operand}` is no amount that could be compared"), Some(hint));
            false
        }
    }
}

fn is_amount(text: &str) -> bool {
    let percent = text.strip_suffix("of limit").map_or(text, str::trim_end).strip_suffix('%');
    let is_percent = percent.is_some_and(|number| number.parse::<f64>().is_ok());
    is_percent || units::quantity(text).is_some() || units::duration(text).is_some()
}

fn empty(what: &str, at: &str, found: &mut Findings<'_>) -> Option<Expectation> {
    let hint = Some("write `present` where it only must be there, `absent` where it must not".to_owned());
    found.value(at, "empty-expectation", format!("{what} asserts nothing"), hint);
    None
}
