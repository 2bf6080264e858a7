//! Class and level of a clause: derived from what it does, never written.

use crate::model::{Action, Check, Class, Clause, Event, Level, Phase, Slot, What};

/// How a clause may share a release.
pub(super) fn class(clause: &Clause) -> Class {
    let phases = clause.then.iter().map(of_phase);
    let event = if clause.when.is_empty() { Class::Look } else { Class::Disturb };
    // Whatever is done to the cluster is undone after the clause, alone.
    let before = clause.before.iter().any(|action| matches!(action, Action::Do(_)));
    let prepared = if before { Class::Disturb } else { Class::Look };
    phases.chain([event, prepared]).max().unwrap_or(Class::Look)
}

fn of_phase(phase: &Phase) -> Class {
    match &phase.check {
        _ if phase.latency.is_some() => Class::Measure,
        Check::Usage(_) => Class::Measure,
        // What tests and Jobs start beside the release is removed afterwards, alone.
        Check::Leaves(_) | Check::HelmTest(_) => Class::Disturb,
        Check::Job(job) if job.is_made() => Class::Disturb,
        // It judges an install of its own.
        Check::Ready(_) if phase.within.is_some() => Class::Disturb,
        _ => Class::Look,
    }
}

/// How far up a clause is judged.
pub(super) fn level(clause: &Clause) -> Level {
    let is_on_files = |phase: &Phase| phase.check.is_of_files() || matches!(phase.check, Check::Holds(_));
    match class(clause) {
        Class::Disturb => Level::Disturb,
        Class::Measure => Level::Measure,
        Class::Look if clause.then.iter().all(is_on_files) => Level::Static,
        Class::Look => Level::Live,
    }
}

/// Whether the event (or the check) takes the release away, so that it comes late among its class.
pub(super) fn is_last(clause: &Clause) -> bool {
    clause.when.iter().any(|event| matches!(event, Event::Uninstall))
}

/// A clause that `holds` another is judged where that one is.
pub(super) fn lift_holds(slots: &mut [Slot]) {
    // A chain of them is as long as there are slots, at the most.
    for _ in 0..slots.len() {
        let graded: Vec<(String, Class, Level)> =
            slots.iter().map(|slot| (slot.id.clause.clone(), slot.class, slot.level)).collect();
        let mut is_settled = true;
        for slot in slots.iter_mut() {
            let held = graded.iter().filter(|(name, ..)| holds(slot, name));
            let top =
                held.fold((slot.class, slot.level), |top, (_, class, level)| (top.0.max(*class), top.1.max(*level)));
            is_settled &= top == (slot.class, slot.level);
            (slot.class, slot.level) = top;
        }
        if is_settled {
            return;
        }
    }
}

fn holds(slot: &Slot, name: &str) -> bool {
    let What::Clause(clause) = &slot.what else { return false };
    clause.then.iter().any(|phase| matches!(&phase.check, Check::Holds(other) if other == name))
}
