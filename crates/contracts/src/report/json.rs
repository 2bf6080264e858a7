//! The JSON report, `seatrial.report/v1`, and its schema.

use crate::model::{Measured, Verdict, VerdictKind};
use serde_json::{Value, json};

/// The report of a run.
pub fn json(verdicts: &[Verdict], exit: i32) -> Value {
    let count = |kind: VerdictKind| verdicts.iter().filter(|verdict| verdict.kind == kind).count();
    json!({
        "schema": "seatrial.report/v1",
        "exit": exit,
        "counts": {
            "pass": count(VerdictKind::Pass),
            "fail": count(VerdictKind::Fail),
            "inconclusive": count(VerdictKind::Inconclusive),
            "skipped": count(VerdictKind::Skipped),
            "blocked": verdicts.iter().filter(|verdict| verdict.blocked_by.is_some()).count(),
        },
        "verdicts": verdicts.iter().map(one).collect::<Vec<_>>(),
    })
}

fn one(verdict: &Verdict) -> Value {
    json!({
        "chart": verdict.id.chart,
        "environment": verdict.id.environment,
        "clause": verdict.id.local(),
        "class": verdict.class,
        "level": verdict.level,
        "verdict": verdict.kind,
        "cause": verdict.cause,
        "blockedBy": verdict.blocked_by,
        "covers": verdict.covers,
        "advisory": verdict.is_advisory,
        "measured": principal(&verdict.measured).map(value),
        "measurements": verdict.measured.iter().map(value).collect::<Vec<_>>(),
        "where": verdict.places,
        "next": verdict.next,
        "seconds": verdict.seconds,
        "trial": verdict.trial,
        "stubs": verdict.stubs,
        "notes": verdict.notes,
        "evidence": verdict.evidence,
    })
}

/// The value that a promise was about, else the first.
fn principal(measured: &[Measured]) -> Option<&Measured> {
    measured.iter().find(|measured| measured.limit.is_some()).or(measured.first())
}

fn value(measured: &Measured) -> Value {
    json!({
        "what": measured.what,
        "value": measured.value,
        "limit": measured.limit,
        "margin": measured.limit.map(|limit| limit - measured.value),
        "unit": measured.unit,
        "n": measured.n,
    })
}

/// The JSON Schema of the report, as it is checked in under `docs/report.schema.json`.
pub fn schema() -> Value {
    let count = json!({ "type": "integer", "minimum": 0 });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "seatrial.report/v1",
        "type": "object",
        "required": ["schema", "exit", "counts", "verdicts"],
        "additionalProperties": false,
        "properties": {
            "schema": { "const": "seatrial.report/v1" },
            "exit": { "enum": [0, 1, 2, 10, 11, 12, 20, 30, 31, 130] },
            "counts": {
                "type": "object",
                "required": ["pass", "fail", "inconclusive", "skipped", "blocked"],
                "additionalProperties": false,
                "properties": {
                    "pass": count, "fail": count, "inconclusive": count, "skipped": count,
                    "blocked": { "type": "integer", "minimum": 0, "description": "Of the inconclusive ones." },
                },
            },
            "verdicts": { "type": "array", "items": { "$ref": "#/$defs/verdict" } },
            "problems": { "type": "array", "items": { "type": "string" }, "description": "What went wrong beside them." },
            "diagnostics": { "type": "array", "items": { "type": "object" }, "description": "Of invalid contracts." },
            "missing": { "type": "array", "items": { "type": "string" }, "description": "In clauses.lock, not planned." },
            "seconds": { "type": "object", "additionalProperties": { "type": "number" } },
        },
        "$defs": { "verdict": verdict_schema(), "measured": measured_schema(), "place": place_schema() },
    })
}

fn verdict_schema() -> Value {
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    let measured = json!({ "$ref": "#/$defs/measured" });
    let required = [
        "chart",
        "environment",
        "clause",
        "class",
        "level",
        "verdict",
        "cause",
        "blockedBy",
        "covers",
        "advisory",
        "measured",
        "measurements",
        "where",
        "next",
        "seconds",
        "trial",
        "stubs",
        "notes",
        "evidence",
    ];
    json!({
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": {
            "chart": text, "environment": text,
            "clause": { "type": "string", "description": "`clause` or `clause[element]`." },
            "class": { "enum": ["look", "measure", "disturb"] },
            "level": { "enum": ["static", "api", "live", "measure", "disturb"] },
            "verdict": { "enum": ["pass", "fail", "inconclusive", "skipped"] },
            "cause": { "oneOf": [
                { "type": "null" },
                {
                    "type": "object",
                    "required": ["kind", "message"],
                    "additionalProperties": false,
                    "properties": { "kind": text, "message": text },
                },
            ] },
            "blockedBy": { "type": ["string", "null"] },
            "covers": texts,
            "advisory": { "type": "boolean" },
            "measured": { "oneOf": [{ "type": "null" }, measured] },
            "measurements": { "type": "array", "items": measured },
            "where": { "type": "array", "items": { "$ref": "#/$defs/place" } },
            "next": texts,
            "seconds": { "type": "number", "minimum": 0 },
            "trial": { "type": "array", "items": { "type": "string" }, "description": "What differs only for the trial." },
            "stubs": {
                "type": "array",
                "items": { "type": "string" },
                "description": "Kinds without a CRD in the trial cluster, for which a permissive stub stood in.",
            },
            "notes": { "type": "array", "items": { "type": "string" }, "description": "Worth knowing, and no failure." },
            "evidence": { "type": ["string", "null"] },
        },
    })
}

fn measured_schema() -> Value {
    json!({
        "type": "object",
        "required": ["what", "value", "limit", "margin", "unit", "n"],
        "additionalProperties": false,
        "properties": {
            "what": { "type": "string" },
            "value": { "type": "number" },
            "limit": { "type": ["number", "null"] },
            "margin": { "type": ["number", "null"], "description": "Limit less value." },
            "unit": { "enum": ["s", "ms", "B", ""] },
            "n": { "type": "integer", "minimum": 0, "description": "Samples behind the value." },
        },
    })
}

fn place_schema() -> Value {
    json!({
        "type": "object",
        "required": ["file", "line", "note"],
        "additionalProperties": false,
        "properties": {
            "file": { "type": "string" },
            "line": { "type": ["integer", "null"], "minimum": 1 },
            "note": { "type": ["string", "null"] },
        },
    })
}
