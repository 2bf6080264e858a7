//! One line about a verdict, for who listens.

use seatrial_contracts::model::Verdict;

/// The cause where there is one, else the first measured value.
pub(super) fn line(verdict: &Verdict) -> String {
    if let Some(cause) = &verdict.cause {
        return cause.message.lines().next().unwrap_or_default().to_owned();
    }
    let Some(first) = verdict.measured.first() else { return String::new() };
    let limit = first.limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
    format!("{} {:.3}{limit} {} (n = {})", first.what, first.value, first.unit, first.n)
}
