//! Skips, all known when tests are listed. A slot that needs a skipped one is skipped with it.

use crate::model::{ChartPlan, Skip, Slot};
use std::collections::BTreeMap;

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
