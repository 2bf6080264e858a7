//! `holds` with circumstances of its own: what the other clause promises is looked at again, after this clause's event or
//! from where it looks. Without any, that the other clause passed is enough.

use super::graded;
use crate::model::{Check, Clause, Phase, Slot, Vantage, What};

/// Puts the promises of the clause that is held in the place of each `holds` that must look for itself.
pub(super) fn taken_over(slots: &mut [Slot]) {
    let written: Vec<(String, Clause)> = slots.iter().filter_map(named).collect();
    for slot in slots {
        let What::Clause(clause) = &mut slot.what else { continue };
        if must_look(clause) {
            *clause = with_promises(clause, &written);
            (slot.class, slot.level) = (graded::class(clause), graded::level(clause));
        }
    }
}

fn named(slot: &Slot) -> Option<(String, Clause)> {
    match &slot.what {
        What::Clause(clause) => Some((slot.id.local(), clause.clone())),
        _ => None,
    }
}

fn must_look(clause: &Clause) -> bool {
    let has_time = |phase: &Phase| phase.within.is_some() || phase.for_.is_some() || phase.repeat.is_some();
    let is_holding = |phase: &Phase| matches!(phase.check, Check::Holds(_));
    let is_elsewhere = clause.from != Vantage::Pod;
    clause.then.iter().any(is_holding)
        && (is_elsewhere
            || !clause.when.is_empty()
            || !clause.before.is_empty()
            || clause.then.iter().any(|phase| is_holding(phase) && has_time(phase)))
}

fn with_promises(clause: &Clause, written: &[(String, Clause)]) -> Clause {
    let mut whole = Clause { then: Vec::new(), ..clause.clone() };
    for phase in &clause.then {
        let held = match &phase.check {
            Check::Holds(name) => written.iter().find(|(local, _)| local == name),
            _ => None,
        };
        let Some((name, held)) = held else {
            whole.then.push(phase.clone());
            continue;
        };
        let more = held.before.iter().filter(|action| !clause.before.contains(action)).cloned();
        whole.before.extend(more);
        whole.when.extend(held.when.iter().cloned());
        whole.then.extend(held.then.iter().map(|promise| timed(promise, phase)));
        whole.after.push(name.clone());
    }
    whole
}

/// The promise with the time words of who takes it over, where there are any.
fn timed(promise: &Phase, by: &Phase) -> Phase {
    Phase {
        within: by.within.or(promise.within),
        for_: by.for_.or(promise.for_),
        repeat: by.repeat.or(promise.repeat),
        ..promise.clone()
    }
}
