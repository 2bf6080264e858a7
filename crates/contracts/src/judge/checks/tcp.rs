//! `tcp`: a port accepts, or fails as promised.

use super::{Judged, Outcome, expected_failure, failure_text, took};
use crate::model::TcpCheck;
use seatrial_observation::ProbeOutcome;

pub(super) fn look(check: &TcpCheck, outcomes: &[ProbeOutcome], before: &[ProbeOutcome]) -> Judged {
    let Some(outcome) = outcomes.first() else { return Judged::unseen("no connect was tried") };
    let what = format!("tcp {}", check.to);
    if let Some(expected) = &check.failure {
        return expected_failure(&what, expected, outcome, outcomes.get(1).or(before.first()));
    }
    match &outcome.result {
        Ok(_) => Judged::from(Outcome::Holds).with(took("connect", outcome)),
        Err(failure) => Judged::broken(format!("{what}: expected a connection, seen {}", failure_text(failure))),
    }
}
