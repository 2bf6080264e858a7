//! How it stands with what `up` made: every service and every state is asked at the same time, each with a time-out of
//! its own, so that the whole takes no longer than the slowest may.

mod made;
mod states;

pub use made::look;

use std::time::Duration;

/// How long one answer may take. All are asked at once, and two seconds are promised for everything (PAL-041).
const ONE_ANSWER: Duration = Duration::from_millis(1400);
