//! `refuses`: values and objects are refused, and what is said is what must be said.

use super::{Judged, Outcome};
use crate::model::{Measured, Refusal};
use seatrial_observation::Answered;

/// The words of an API server that could not try it: no policy has spoken.
const NOT_TRIED: &str = "does not support dry run";

pub(super) fn look(refusals: &[Refusal], answers: &[Answered]) -> Judged {
    if refusals.is_empty() {
        return Judged::unseen("there is nothing to refuse");
    }
    let mut broken = Vec::new();
    for (index, refusal) in refusals.iter().enumerate() {
        let own: Vec<&Answered> = answers.iter().filter(|answer| answer.of == index).collect();
        if own.is_empty() {
            return Judged::unseen("not every refusal was tried");
        }
        for answer in own {
            match mismatch(refusal, answer) {
                Ok(message) => broken.extend(message),
                Err(unseen) => return Judged::unseen(unseen),
            }
        }
    }
    let n = answers.len();
    let refused =
        Measured { what: "refused".to_owned(), value: n as f64, limit: None, unit: String::new(), n: n as u64 };
    let judged = Judged::of(&broken);
    if judged.outcome == Outcome::Holds { judged.with(refused) } else { judged }
}

/// Those of which something was not refused as it should be.
pub(in crate::judge) fn not_refused<'r>(
    refusals: &'r [Refusal],
    answers: &'r [Answered],
) -> impl Iterator<Item = &'r Refusal> + 'r {
    let is_broken = |refusal: &Refusal, answer: &Answered| matches!(mismatch(refusal, answer), Ok(Some(_)));
    answers.iter().filter_map(move |answer| refusals.get(answer.of).filter(|refusal| is_broken(refusal, answer)))
}

fn mismatch(refusal: &Refusal, answer: &Answered) -> Result<Option<String>, String> {
    let what = &answer.what;
    match (&answer.refusal, &refusal.saying) {
        (None, _) => Ok(Some(format!("{what}: expected a refusal, seen accepted"))),
        (Some(said), _) if said.contains(NOT_TRIED) => Err(format!("{what}: could not be tried: {said}")),
        (Some(said), Some(saying)) if !said.contains(saying) => {
            Ok(Some(format!("{what}: expected a refusal that says `{saying}`, seen\n{}", said.trim())))
        }
        _ => Ok(None),
    }
}
