//! A trace as text, as JSON and the schema of that.

use super::{Ended, Kind, Row, State, Witness};
use serde_json::{Value, json};
use std::fmt::Write as _;

const STATES: [State; 6] =
    [State::Proved, State::Claimed, State::Failing, State::Skipped, State::NotApplicable, State::Open];

/// `seatrial.trace/v1`.
pub fn json(rows: &[Row]) -> Value {
    json!({ "schema": "seatrial.trace/v1", "rows": rows })
}

/// A line a row, those who speak for it below, and the counts.
pub fn text(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let _ = writeln!(text, "{:<14} {}", word(row.state), row.id);
        for witness in &row.by {
            let _ = writeln!(text, "{:16}{}", "", line(witness));
        }
    }
    let counts = STATES.iter().map(|state| {
        let count = rows.iter().filter(|row| row.state == *state).count();
        format!("{count} {}", word(*state))
    });
    let _ = write!(text, "{} rows: {}", rows.len(), counts.collect::<Vec<_>>().join(", "));
    text
}

fn line(witness: &Witness) -> String {
    let detail = witness.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{} {} {}{detail}", word(witness.result), word(witness.kind), witness.name)
}

/// The word of the JSON.
fn word(value: impl serde::Serialize) -> String {
    json!(value).as_str().unwrap_or_default().to_owned()
}

/// The JSON Schema of a trace, as it is checked in under `docs/trace.schema.json`.
pub fn schema() -> Value {
    let kinds = [Kind::Clause, Kind::Test, Kind::Mutation, Kind::Decision];
    let ends = [
        Ended::Fail,
        Ended::Inconclusive,
        Ended::Unknown,
        Ended::Survived,
        Ended::Pass,
        Ended::Killed,
        Ended::Skipped,
        Ended::NotApplicable,
    ];
    let witness = object(&[
        ("kind", json!({ "enum": kinds })),
        ("name", json!({ "type": "string" })),
        ("result", json!({ "enum": ends })),
        ("detail", json!({ "type": ["string", "null"] })),
    ]);
    let row = object(&[
        ("id", json!({ "type": "string" })),
        ("state", json!({ "enum": STATES })),
        ("by", json!({ "type": "array", "items": witness })),
    ]);
    let rows = json!({ "type": "array", "items": row });
    let mut schema = object(&[("schema", json!({ "const": "seatrial.trace/v1" })), ("rows", rows)]);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("seatrial.trace/v1");
    schema
}

fn object(properties: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    let properties: serde_json::Map<String, Value> =
        properties.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": names, "additionalProperties": false, "properties": properties })
}
