//! The values of an environment, merged as Helm does it.

use super::set_key;
use crate::diagnostic::Diagnostic;
use crate::yaml;
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// Chart values, then values files (name, text), then single values: maps merge, lists replace, null deletes.
pub fn merged_values(
    values_yaml: &str,
    files: &[(&str, &str)],
    set: &IndexMap<String, Value>,
) -> Result<Value, Diagnostic> {
    let mut given = Value::Object(Map::new());
    for (name, text) in files {
        merge(&mut given, parse(name, text)?);
    }
    for (key, value) in set {
        let steps = set_key::parse(key).ok_or_else(|| bad_key(key))?;
        set_key::set(&mut given, &steps, value.clone());
    }
    let defaults = parse("values.yaml", values_yaml)?;
    Ok(coalesce(given, &defaults))
}

/// A later values file over an earlier one; null stays, for it deletes the chart's own value in the end.
fn merge(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                merge(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

/// What was given over the chart's own values.
fn coalesce(given: Value, defaults: &Value) -> Value {
    let (Value::Object(mut given), Value::Object(defaults)) = (given, defaults) else { return Value::Null };
    for (key, default) in defaults {
        match given.get_mut(key) {
            None => _ = given.insert(key.clone(), default.clone()),
            Some(Value::Null) => _ = given.shift_remove(key),
            Some(value) if value.is_object() && default.is_object() => *value = coalesce(value.take(), default),
            Some(_) => {}
        }
    }
    Value::Object(given)
}

fn parse(name: &str, text: &str) -> Result<Value, Diagnostic> {
    let value = yaml::json(text).map_err(|error| {
        let (line, column) = error.at.unwrap_or((1, 1));
        let message = format!("no valid YAML: {}", error.message);
        Diagnostic { code: "yaml-syntax", message, hint: None, file: name.to_owned(), line, column }
    })?;
    match value {
        Value::Null => Ok(Value::Object(Map::new())),
        Value::Object(map) => Ok(Value::Object(map)),
        _ => {
            let (message, hint) = ("no map of values".to_owned(), Some("a values file is a map".to_owned()));
            Err(Diagnostic { code: "wrong-type", message, hint, file: name.to_owned(), line: 1, column: 1 })
        }
    }
}

fn bad_key(key: &str) -> Diagnostic {
    Diagnostic {
        code: "bad-key",
        message: format!("`{key}` is no key of values"),
        hint: Some("keys are written as for helm --set: a.b[0].c".to_owned()),
        file: String::new(),
        line: 1,
        column: 1,
    }
}
