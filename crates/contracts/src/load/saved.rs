//! `$(saved.x)` in `logs`: a session of the same `then` saves it first.

use super::findings::Findings;
use crate::diagnostic::hint;
use crate::model::{Check, Clause};
use serde_json::Value;

pub(super) fn is_saved_before(tree: &Value, clause: &Clause, found: &mut Findings<'_>) -> bool {
    let mut is_good = true;
    for (i, _) in clause.then.iter().enumerate().filter(|(_, phase)| matches!(phase.check, Check::Logs(_))) {
        let known: Vec<&str> = clause.then[..i].iter().flat_map(|phase| saves(&phase.check)).collect();
        let at = if tree.get("then").is_some() { format!("/then/{i}/logs") } else { "/logs".to_owned() };
        for key in ["contain", "never"] {
            for text in texts(tree, &format!("{at}/{key}")) {
                for name in names(text).filter(|name| !known.contains(name)) {
                    let message = format!("`saved.{name}`: no session before it saves that");
                    let hint = hint(name, known.iter().copied())
                        .or_else(|| Some("an `http` before it in the same `then` saves it".to_owned()));
                    found.value(&at, "unknown-reference", message, hint);
                    is_good = false;
                }
            }
        }
    }
    is_good
}

fn saves(check: &Check) -> Vec<&str> {
    match check {
        Check::Http(http) => http.0.iter().flat_map(|step| step.save.keys().map(String::as_str)).collect(),
        _ => Vec::new(),
    }
}

/// One text, or a list of them.
fn texts<'t>(tree: &'t Value, at: &str) -> Vec<&'t str> {
    match tree.pointer(at) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split("$(saved.").skip(1).filter_map(|rest| rest.split(')').next())
}
