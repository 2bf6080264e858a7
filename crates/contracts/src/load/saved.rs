//! `$(saved.x)`: an `http` of the same clause saves it first, in `before`, in an earlier check, or in an earlier step of
//! the same session.

use super::findings::Findings;
use crate::diagnostic::{child, hint};
use serde_json::Value;

/// What may name what was saved.
const READERS: [&str; 5] = ["http", "ws", "postgres", "object", "logs"];

pub(super) fn is_saved_before(tree: &Value, found: &mut Findings<'_>) -> bool {
    let mut known: Vec<String> = Vec::new();
    let mut is_good = true;
    for (at, part) in parts(tree) {
        for key in READERS {
            let Some(check) = part.get(key) else { continue };
            is_good &= is_known(check, &child(&at, key), &mut known, found);
        }
    }
    is_good
}

/// The maps that hold checks, in the order in which they are looked at.
fn parts(tree: &Value) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    for key in ["before", "", "then", "heals"] {
        match (key, tree.get(key)) {
            ("", _) => all.push((String::new(), tree)),
            (_, Some(Value::Array(many))) => {
                all.extend(many.iter().enumerate().map(|(i, one)| (format!("/{key}/{i}"), one)));
            }
            (_, Some(one)) => all.push((format!("/{key}"), one)),
            (_, None) => {}
        }
    }
    all
}

/// Each step in its turn: what it names was saved by then, and what it saves is known to the next.
fn is_known(check: &Value, at: &str, known: &mut Vec<String>, found: &mut Findings<'_>) -> bool {
    let steps: Vec<(String, &Value)> = match check.as_array().filter(|_| at.ends_with("/http")) {
        Some(steps) => steps.iter().enumerate().map(|(i, step)| (format!("{at}/{i}"), step)).collect(),
        None => vec![(at.to_owned(), check)],
    };
    let mut is_good = true;
    for (at, step) in steps {
        let text = step.to_string();
        for name in names(&text).filter(|name| !known.iter().any(|one| one == name)) {
            let hint = hint(name, known.iter().map(String::as_str).collect::<Vec<_>>())
                .or_else(|| Some("an `http` before it in the same clause saves it".to_owned()));
            found.value(&at, "unknown-reference", format!("`saved.{name}`: nothing before it saves that"), hint);
            is_good = false;
        }
        known.extend(step.get("save").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.clone()));
    }
    is_good
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split("$(saved.").skip(1).filter_map(|rest| rest.split(')').next())
}
