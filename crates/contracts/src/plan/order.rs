//! Judging order: what a slot needs comes before it, and otherwise the order they were made in.

use crate::model::Slot;
use std::collections::BTreeSet;

/// Sorts slots so that each comes after its prerequisites; the ids of a circle where there is one.
pub(super) fn sorted(slots: Vec<Slot>) -> Result<Vec<Slot>, Vec<String>> {
    let mut waiting = slots;
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut sorted = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let is_free = |slot: &Slot| slot.after.iter().all(|id| done.contains(id));
        let Some(index) = waiting.iter().position(is_free) else {
            return Err(waiting.iter().map(|slot| slot.id.local()).collect());
        };
        let slot = waiting.remove(index);
        done.insert(slot.id.local());
        sorted.push(slot);
    }
    Ok(sorted)
}
