//! `logs`: what lines must say, must never say, and look like.

use super::{Judged, Outcome};
use crate::judge::expect;
use crate::model::{Comparison, Expectation, LogsCheck, Measured, Operator};
use seatrial_observation::{LogStream, REDACTED, Reason};
use serde_json::Value;

pub(super) fn look(check: &LogsCheck, streams: &[LogStream]) -> Judged {
    let lines: Vec<(&LogStream, &str)> = streams.iter().flat_map(|s| s.lines.iter().map(move |l| (s, &**l))).collect();
    if lines.is_empty() && check.contain.is_empty() {
        return Judged::unseen("no log line was seen");
    }
    // What was said can't be unsaid: only a line that is still missing is waited for.
    let mut unwanted = forbidden(check, &lines);
    unwanted.extend(check.json_fields.iter().filter_map(|fields| malformed(fields, &lines)));
    if !unwanted.is_empty() {
        return Outcome::Doomed(Reason::new(unwanted.join("\n"))).into();
    }
    Judged::of(&missing(check, &lines)).with(Measured {
        what: "log lines".to_owned(),
        value: lines.len() as f64,
        limit: None,
        unit: String::new(),
        n: lines.len() as u64,
    })
}

fn missing(check: &LogsCheck, lines: &[(&LogStream, &str)]) -> Vec<String> {
    let absent = check.contain.iter().filter(|e| !lines.iter().any(|(_, line)| says(e, line)));
    absent.map(|e| format!("expected a line that says {}, seen none in {} lines", words(e), lines.len())).collect()
}

/// The first line of each kind that must not be there.
fn forbidden(check: &LogsCheck, lines: &[(&LogStream, &str)]) -> Vec<String> {
    let said = check.never.iter().filter_map(|e| {
        let (stream, line) = lines.iter().find(|(_, line)| says(e, line))?;
        Some(format!("expected no line that says {}, seen {}: {line}", words(e), name(stream)))
    });
    let secret = lines.iter().find(|(_, line)| check.never_secrets && line.contains(REDACTED));
    let secret = secret.map(|(stream, line)| format!("expected no value of a Secret, seen {}: {line}", name(stream)));
    said.chain(secret).collect()
}

fn malformed(fields: &[String], lines: &[(&LogStream, &str)]) -> Option<String> {
    let (stream, line) = lines.iter().find(|(_, line)| !line.trim().is_empty() && !has_fields(line, fields))?;
    Some(format!("expected each line to be a JSON object with {}, seen {}: {line}", fields.join(", "), name(stream)))
}

fn has_fields(line: &str, fields: &[String]) -> bool {
    let parsed = serde_json::from_str::<Value>(line).ok();
    parsed.as_ref().and_then(Value::as_object).is_some_and(|o| fields.iter().all(|f| o.contains_key(f)))
}

/// A plain string is looked for in the line, `~` is a regex.
fn says(expected: &Expectation, line: &str) -> bool {
    match expected {
        Expectation::Equal(Value::String(text)) => line.contains(text.as_str()),
        Expectation::Compare(Comparison { operator: Operator::Literal, operand }) => line.contains(operand.as_str()),
        other => expect::check(other, Some(&Value::String(line.to_owned())), None).is_empty(),
    }
}

fn words(expected: &Expectation) -> String {
    match expected {
        Expectation::Equal(Value::String(text)) => format!("`{text}`"),
        Expectation::Compare(Comparison { operand, .. }) => format!("`{operand}`"),
        other => format!("{other:?}"),
    }
}

fn name(stream: &LogStream) -> String {
    format!("pod/{} container/{}", stream.pod, stream.container)
}
