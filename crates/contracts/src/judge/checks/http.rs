//! `http`: each step of a session answers as promised.

use super::{Judged, Outcome, expected_failure, failure_text, took};
use crate::judge::expect;
use crate::model::{HttpCheck, HttpStep};
use seatrial_observation::{HttpAnswer, ProbeAnswer, ProbeOutcome};
use serde_json::Value;

pub(super) fn look(check: &HttpCheck, outcomes: &[ProbeOutcome]) -> Judged {
    if check.0.is_empty() || outcomes.is_empty() {
        return Judged::unseen("no HTTP exchange took place");
    }
    let mut all = Judged::from(Outcome::Holds);
    for (index, step) in check.0.iter().enumerate() {
        let Some(outcome) = outcomes.get(index) else {
            return Judged::unseen(format!("{} was not reached", name(step)));
        };
        let denials = check.0[..index].iter().filter(|step| step.failure.as_deref() == Some("denied")).count();
        let judged = exchange(step, outcome, outcomes.get(check.0.len() + denials));
        all.measured.extend(judged.measured);
        if judged.outcome != Outcome::Holds {
            all.outcome = judged.outcome;
            break;
        }
    }
    all
}

fn name(step: &HttpStep) -> String {
    format!("{} {}", step.method, step.to)
}

fn exchange(step: &HttpStep, outcome: &ProbeOutcome, control: Option<&ProbeOutcome>) -> Judged {
    if let Some(expected) = &step.failure {
        return expected_failure(&name(step), expected, outcome, control);
    }
    match &outcome.result {
        Ok(ProbeAnswer::Http(answer)) => Judged::of(&mismatches(step, answer)).with(took("answer", outcome)),
        Ok(_) => Judged::unseen(format!("{}: the probe answered something else than HTTP", name(step))),
        Err(failure) => {
            Judged::broken(format!("{}: expected {}, seen {}", name(step), promise(step), failure_text(failure)))
        }
    }
}

fn promise(step: &HttpStep) -> String {
    let status = step.status.as_ref().map(|status| expect::check(status, None, None));
    let text = status.and_then(|found| found.into_iter().next()).map(|mismatch| mismatch.expected);
    text.map_or_else(|| "status 2xx".to_owned(), |text| format!("status {text}"))
}

fn mismatches(step: &HttpStep, answer: &HttpAnswer) -> Vec<String> {
    let mut found = status(step, answer);
    for (key, expected) in &step.header {
        let value = answer.headers.get(&key.to_lowercase()).map(|v| Value::String(v.clone()));
        found.extend(expect::check(expected, value.as_ref(), None).iter().map(|m| format!("header {key}: {m}")));
    }
    if let Some(expected) = &step.text {
        let body = Value::String(answer.body.clone());
        found.extend(expect::check(expected, Some(&body), None).iter().map(|m| format!("body: {m}")));
    }
    found.extend(json(step, answer));
    found.iter().map(|text| format!("{}: {text}", name(step))).collect()
}

fn status(step: &HttpStep, answer: &HttpAnswer) -> Vec<String> {
    match &step.status {
        Some(expected) => {
            let status = Value::from(answer.status);
            expect::check(expected, Some(&status), None).iter().map(|m| format!("status: {m}")).collect()
        }
        None if (200..300).contains(&answer.status) => Vec::new(),
        None => vec![format!("status: expected 2xx, seen {}", answer.status)],
    }
}

fn json(step: &HttpStep, answer: &HttpAnswer) -> Vec<String> {
    if step.json.is_empty() {
        return Vec::new();
    }
    let body: Value = match serde_json::from_str(&answer.body) {
        Ok(body) => body,
        Err(error) => return vec![format!("body: expected JSON, seen {error}")],
    };
    let all = step.json.iter().flat_map(|(path, expected)| expect::check_path(path, expected, &body, None));
    all.map(|m| format!("body: {m}")).collect()
}
