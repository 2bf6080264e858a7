//! The JSON report, read as a user's script reads it.

use seatrial_harness::command::Finished;
use serde_json::Value;

/// One verdict of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `chart::environment::clause`.
    pub id: String,
    /// `pass`, `fail`, `inconclusive`, `skipped`.
    pub verdict: String,
    /// Why it is no pass.
    pub cause: String,
    /// Which clause blocked it.
    pub blocked_by: Option<String>,
}

/// The document on standard output.
///
/// # Panics
/// When there is none.
#[expect(clippy::panic, reason = "a test without a report has failed")]
pub fn document(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| {
        panic!(
            "no JSON on standard output ({error}); exit {:?}\n{}\n{}",
            finished.code, finished.stdout, finished.stderr
        )
    })
}

/// The verdicts of a report or a plan.
///
/// # Panics
/// When it has none.
#[expect(clippy::expect_used, reason = "a test without verdicts has failed")]
pub fn verdicts(document: &Value) -> Vec<Line> {
    document["verdicts"].as_array().expect("verdicts").iter().map(line).collect()
}

/// A clause of the registry in `dev` came to this verdict, with these words in its cause.
///
/// # Panics
/// When it did not.
#[track_caller]
#[expect(clippy::expect_used, reason = "a test without its verdict has failed")]
pub fn check_in_dev(lines: &[Line], clause: &str, verdict: &str, words: &str) {
    let id = format!("pallet-registry::dev::{clause}");
    let line = lines.iter().find(|line| line.id == id).expect("a verdict");
    assert_eq!(line.verdict, verdict, "{line:#?}");
    assert!(line.cause.contains(words), "{line:#?}");
}

/// Clauses of the registry in `dev` came to these verdicts, with these words in their causes: all that did not are told.
///
/// # Panics
/// When one did not.
#[track_caller]
pub fn check_all_in_dev(lines: &[Line], expected: &[(&str, &str, &str)]) {
    let is_as_expected = |(clause, verdict, words): &&(&str, &str, &str)| {
        let id = format!("pallet-registry::dev::{clause}");
        lines.iter().any(|line| line.id == id && line.verdict == *verdict && line.cause.contains(words))
    };
    let other: Vec<_> = expected.iter().filter(|one| !is_as_expected(one)).collect();
    assert!(other.is_empty(), "expected {other:#?}, seen {lines:#?}");
}

fn line(verdict: &Value) -> Line {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (chart, environment) = (text(&verdict["chart"]), text(&verdict["environment"]));
    Line {
        id: format!("{chart}::{environment}::{}", text(&verdict["clause"])),
        verdict: text(&verdict["verdict"]),
        cause: text(&verdict["cause"]["message"]),
        blocked_by: verdict["blockedBy"].as_str().map(ToOwned::to_owned),
    }
}
