//! `postgres`: the rows, or the error, that a query gives.

use super::{Judged, Outcome, expected_failure, failure_text, took};
use crate::judge::expect;
use crate::model::{Expectation, PostgresCheck, PostgresExpect};
use seatrial_observation::{PostgresAnswer, ProbeAnswer, ProbeOutcome};
use serde_json::Value;

pub(super) fn look(check: &PostgresCheck, outcomes: &[ProbeOutcome], before: &[ProbeOutcome]) -> Judged {
    let Some(outcome) = outcomes.first() else { return Judged::unseen("no query was asked") };
    let what = format!("postgres {}", check.to);
    if let PostgresExpect::Failure(expected) = &check.expect {
        return expected_failure(&what, expected, outcome, outcomes.get(1).or(before.first()));
    }
    let answer = match &outcome.result {
        Ok(ProbeAnswer::Postgres(answer)) => answer,
        Ok(_) => return Judged::unseen(format!("{what}: the probe answered something else than PostgreSQL")),
        Err(failure) => return Judged::broken(format!("{what}: expected an answer, seen {}", failure_text(failure))),
    };
    match problem(&check.expect, answer) {
        Some(problem) => Judged::broken(format!("{what}: `{}`: {problem}", check.query)),
        None => Judged::from(Outcome::Holds).with(took("query", outcome)),
    }
}

fn problem(expected: &PostgresExpect, answer: &PostgresAnswer) -> Option<String> {
    let error = answer.error.as_ref().map(|error| format!("error {} ({})", error.code, error.message));
    match (expected, &answer.error, error) {
        (PostgresExpect::Error(code), Some(seen), _) if seen.code == *code => None,
        (PostgresExpect::Error(code), _, Some(error)) => Some(format!("expected error {code}, seen {error}")),
        (PostgresExpect::Error(code), _, None) => {
            Some(format!("expected error {code}, seen that it went through with {} rows", answer.rows.len()))
        }
        (_, _, Some(error)) => Some(format!("expected that it goes through, seen {error}")),
        (PostgresExpect::Rows(rows), ..) => different(rows, answer),
        (PostgresExpect::Success | PostgresExpect::Failure(_), ..) => None,
    }
}

/// Just these rows, in this order, each value in its column.
fn different(expected: &[Vec<Expectation>], answer: &PostgresAnswer) -> Option<String> {
    if expected.len() != answer.rows.len() {
        return Some(format!("expected {} rows, seen {}: {}", expected.len(), answer.rows.len(), shown(answer)));
    }
    for (number, (row, seen)) in expected.iter().zip(&answer.rows).enumerate() {
        if row.len() != seen.len() {
            let names = answer.columns.join(", ");
            return Some(format!("expected {} columns, seen {} ({names})", row.len(), seen.len()));
        }
        for (column, (value, seen)) in row.iter().zip(seen).enumerate() {
            let seen = seen.as_ref().map(|text| Value::from(text.as_str()));
            if let Some(mismatch) = expect::check(value, seen.as_ref(), None).into_iter().next() {
                let name = answer.columns.get(column).map_or("?", String::as_str);
                return Some(format!("row {}, {name}: {mismatch}", number + 1));
            }
        }
    }
    None
}

fn shown(answer: &PostgresAnswer) -> String {
    let values = |row: &Vec<Option<String>>| {
        row.iter().map(|value| value.as_deref().unwrap_or("NULL").to_owned()).collect::<Vec<_>>().join(", ")
    };
    let rows = answer.rows.iter().take(5).map(values).collect::<Vec<_>>().join(" | ");
    expect::show(&Value::from(rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_observation::PostgresError;
    use serde_json::json;

    fn rows(rows: &[&[Option<&str>]]) -> PostgresAnswer {
        let rows = rows.iter().map(|row| row.iter().map(|value| value.map(ToOwned::to_owned)).collect()).collect();
        PostgresAnswer { columns: vec!["a".into(), "b".into()], rows, error: None, is_truncated: false }
    }

    fn refused(code: &str) -> PostgresAnswer {
        let error = PostgresError { code: code.to_owned(), message: "no".to_owned() };
        PostgresAnswer { error: Some(error), ..rows(&[]) }
    }

    #[track_caller]
    fn check(expected: &PostgresExpect, answer: &PostgresAnswer, problem_is: Option<&str>) {
        assert_eq!(problem(expected, answer).as_deref(), problem_is);
    }

    #[test]
    fn rows_are_compared_one_by_one() {
        let expected = PostgresExpect::Rows(vec![vec![Expectation::Equal(json!(42)), Expectation::Absent]]);
        check(&expected, &rows(&[&[Some("42"), None]]), None);
        check(&expected, &rows(&[&[Some("41"), None]]), Some("row 1, a: expected 42, seen 41"));
        check(&expected, &rows(&[&[Some("42"), Some("x")]]), Some("row 1, b: expected absent, seen x"));
        check(&expected, &rows(&[]), Some("expected 1 rows, seen 0: \"\""));
        check(&expected, &rows(&[&[Some("42")]]), Some("expected 2 columns, seen 1 (a, b)"));
        check(&expected, &refused("42P01"), Some("expected that it goes through, seen error 42P01 (no)"));
    }

    #[test]
    fn an_error_is_promised_by_its_code() {
        let expected = PostgresExpect::Error("28P01".to_owned());
        check(&expected, &refused("28P01"), None);
        check(&expected, &refused("3D000"), Some("expected error 28P01, seen error 3D000 (no)"));
        check(&expected, &rows(&[]), Some("expected error 28P01, seen that it went through with 0 rows"));
        check(&PostgresExpect::Success, &rows(&[]), None);
    }
}
