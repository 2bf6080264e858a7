//! Skips, all known when tests are listed. A slot that needs a skipped one is skipped with it.

use crate::model::{ChartPlan, Check, Skip, Slot, What};
use std::collections::{BTreeMap, BTreeSet};

/// Programs that `run` clauses ask for: the host says which of them it has.
pub fn programs(plan: &ChartPlan) -> BTreeSet<String> {
    plan.environments.iter().flat_map(|e| &e.slots).flat_map(required).cloned().collect()
}

/// Skips the clauses that ask for a program that the host has not.
pub fn skip_without_programs(plan: &mut ChartPlan, missing: &BTreeSet<String>) {
    skip_where(plan, |slot| {
        let program = required(slot).into_iter().find(|program| missing.contains(*program))?;
        Some(format!("`{program}` is not on PATH"))
    });
}

/// Skips the slots for which there is a reason, and those that need them.
pub fn skip_where(plan: &mut ChartPlan, reason: impl Fn(&Slot) -> Option<String>) {
    for environment in &mut plan.environments {
        for slot in environment.slots.iter_mut().filter(|slot| slot.skip.is_none()) {
            slot.skip = reason(slot).map(|reason| Skip { reason, until: None, is_expired: false });
        }
        spread(&mut environment.slots);
    }
}

/// Hands skips on to the slots that need a skipped one; slots are in judging order.
pub(super) fn spread(slots: &mut [Slot]) {
    let mut skipped: BTreeMap<String, Skip> = BTreeMap::new();
    for slot in slots {
        if slot.skip.is_none() {
            let cause = slot.after.iter().find_map(|id| skipped.get_key_value(id));
            slot.skip = cause.map(|(id, skip)| Skip { reason: format!("needs {id}: {}", skip.reason), ..skip.clone() });
        }
        if let Some(skip) = &slot.skip {
            skipped.insert(slot.id.local(), skip.clone());
        }
    }
}

fn required(slot: &Slot) -> Vec<&String> {
    let What::Clause(clause) = &slot.what else { return Vec::new() };
    let requires = clause.then.iter().filter_map(|phase| match &phase.check {
        Check::Run(run) => Some(&run.requires),
        _ => None,
    });
    requires.flatten().collect()
}
