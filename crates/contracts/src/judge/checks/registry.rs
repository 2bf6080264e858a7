//! `registry`: every step of the talk held.

use super::{Judged, Outcome, failure_text, took};
use crate::model::RegistryCheck;
use seatrial_observation::{ProbeAnswer, ProbeOutcome, RegistryStep};

pub(super) fn look(check: &RegistryCheck, outcomes: &[ProbeOutcome]) -> Judged {
    let Some(outcome) = outcomes.first() else { return Judged::unseen("the registry was not asked") };
    let steps = match &outcome.result {
        Ok(ProbeAnswer::Registry(answer)) if !answer.steps.is_empty() => &answer.steps,
        Ok(_) => return Judged::unseen("no step of the talk was taken"),
        Err(failure) => {
            let seen = failure_text(failure);
            return Judged::broken(format!("registry {}: expected an answer, seen {seen}", check.at));
        }
    };
    match steps.iter().find_map(problem) {
        Some(problem) => Judged::broken(format!("registry {}: {problem}", check.at)),
        None => Judged::from(Outcome::Holds).with(took("talk", outcome)),
    }
}

fn problem(step: &RegistryStep) -> Option<String> {
    let problem = step.problem.as_ref()?;
    Some(format!("{}: {problem}, seen {} to {}", step.name, step.status, step.request))
}
