//! How well a service is, by its one answer.

use crate::model::Wellness;
use seatrial_observation::{HttpAnswer, ProbeAnswer, ProbeOutcome};
use serde_json::Value;

/// What is later than this is degraded, in milliseconds.
const LATE: f64 = 1000.0;

/// The verdict on one look, and why it is no better. A service is believed what it says of itself (`status` and
/// `reason` in its JSON); 401 is an answer, too: it lives, and wants a login.
pub fn wellness(outcome: &ProbeOutcome) -> (Wellness, Option<String>) {
    let judged = match &outcome.result {
        Err(failure) => (Wellness::Unhealthy, Some(failure.message.clone())),
        Ok(ProbeAnswer::Http(answer)) => of_answer(answer),
        Ok(_) => (Wellness::Unhealthy, Some("it was not asked over HTTP".to_owned())),
    };
    match judged {
        (Wellness::Healthy, _) if outcome.took_ms > LATE => {
            (Wellness::Degraded, Some(format!("it answered after {:.0} ms", outcome.took_ms)))
        }
        judged => judged,
    }
}

fn of_answer(answer: &HttpAnswer) -> (Wellness, Option<String>) {
    if !(200..300).contains(&answer.status) && answer.status != 401 {
        return (Wellness::Unhealthy, Some(format!("it answers {}", answer.status)));
    }
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let Some(status) = body["status"].as_str() else { return (Wellness::Healthy, None) };
    let wellness = match status.to_lowercase().as_str() {
        "healthy" | "ok" | "up" | "pass" => return (Wellness::Healthy, None),
        "degraded" | "warn" => Wellness::Degraded,
        _ => Wellness::Unhealthy,
    };
    let reason = body["reason"].as_str().map_or_else(|| format!("it says that it is {status}"), ToOwned::to_owned);
    (wellness, Some(reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_observation::{FailureKind, ProbeFailure};

    fn answered(status: u16, body: &str, took_ms: f64) -> ProbeOutcome {
        let answer =
            HttpAnswer { status, headers: [].into(), body: body.to_owned(), is_truncated: false, certificate: None };
        ProbeOutcome { took_ms, result: Ok(ProbeAnswer::Http(answer)) }
    }

    #[track_caller]
    fn check(outcome: &ProbeOutcome, expected: Wellness, reason: Option<&str>) {
        assert_eq!(wellness(outcome), (expected, reason.map(ToOwned::to_owned)));
    }

    #[test]
    fn an_answer_is_healthy_unless_it_says_otherwise() {
        check(&answered(200, "{}", 3.0), Wellness::Healthy, None);
        check(&answered(401, "", 3.0), Wellness::Healthy, None);
        check(&answered(200, r#"{"status":"healthy"}"#, 3.0), Wellness::Healthy, None);
        check(
            &answered(200, r#"{"status":"degraded","reason":"no registry"}"#, 3.0),
            Wellness::Degraded,
            Some("no registry"),
        );
        check(&answered(200, r#"{"status":"down"}"#, 3.0), Wellness::Unhealthy, Some("it says that it is down"));
    }

    #[test]
    fn a_late_answer_is_degraded_and_none_is_unhealthy() {
        check(&answered(200, "{}", 1200.0), Wellness::Degraded, Some("it answered after 1200 ms"));
        check(&answered(503, "{}", 3.0), Wellness::Unhealthy, Some("it answers 503"));
        let failure = ProbeFailure { kind: FailureKind::TimedOut, message: "no answer within 1.4 s".into() };
        let silent = ProbeOutcome { took_ms: 1400.0, result: Err(failure) };
        check(&silent, Wellness::Unhealthy, Some("no answer within 1.4 s"));
    }
}
