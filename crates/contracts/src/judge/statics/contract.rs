//! What is wrong with the contract itself rather than with the chart.

use super::fail;
use crate::model::{Skip, Slot, Verdict};

/// A skip past its date fails with the excuse's own words.
pub(super) fn expired(slot: &Slot, skip: &Skip) -> Verdict {
    let date = skip.until.as_deref().unwrap_or("no date");
    fail(slot, "expired-skip", format!("the skip ended on {date}; its reason was: {}", skip.reason))
}
