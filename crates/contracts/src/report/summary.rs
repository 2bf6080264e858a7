//! The last lines of a run: how many of each verdict, what blocked what, and where the time went.

use crate::model::{BlockedBy, Verdict, VerdictKind};
use indexmap::IndexMap;

/// The summary; `seconds` names what took how long.
pub fn summary(verdicts: &[Verdict], seconds: &[(String, f64)], colour: bool) -> String {
    let mut lines: Vec<String> = blocked(verdicts);
    lines.push(counts(verdicts, colour));
    lines.extend(time(seconds));
    lines.join("\n")
}

/// Blocked clauses are folded into one line a cause.
fn blocked(verdicts: &[Verdict]) -> Vec<String> {
    let mut by: IndexMap<String, u64> = IndexMap::new();
    for verdict in verdicts {
        if let Some(BlockedBy(root)) = &verdict.blocked_by {
            let root = format!("{}::{}::{root}", verdict.id.chart, verdict.id.environment);
            *by.entry(root).or_default() += 1;
        }
    }
    by.iter().map(|(root, n)| format!("blocked by {root}: {n}")).collect()
}

fn counts(verdicts: &[Verdict], colour: bool) -> String {
    let count = |is: fn(&Verdict) -> bool| verdicts.iter().filter(|verdict| is(verdict)).count();
    let failed = count(|v| v.kind == VerdictKind::Fail && !v.is_advisory);
    let advisory = count(|v| v.kind == VerdictKind::Fail && v.is_advisory);
    let text = format!(
        "{} verdicts: {} passed, {failed} failed, {} inconclusive, {} blocked, {} skipped",
        verdicts.len(),
        count(|v| v.kind == VerdictKind::Pass),
        count(|v| v.kind == VerdictKind::Inconclusive && v.blocked_by.is_none()),
        count(|v| v.kind == VerdictKind::Inconclusive && v.blocked_by.is_some()),
        count(|v| v.kind == VerdictKind::Skipped),
    );
    let text = if advisory == 0 { text } else { format!("{text}, {advisory} failed as advice") };
    let is_good = verdicts.iter().all(|v| v.is_advisory || v.kind == VerdictKind::Pass);
    match (colour, is_good) {
        (false, _) => text,
        (true, true) => format!("\u{1b}[32m{text}\u{1b}[0m"),
        (true, false) => format!("\u{1b}[31m{text}\u{1b}[0m"),
    }
}

/// The longest first.
fn time(seconds: &[(String, f64)]) -> Option<String> {
    let mut sorted: Vec<&(String, f64)> = seconds.iter().collect();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
    let total: f64 = seconds.iter().map(|(_, s)| s).sum();
    let parts: Vec<String> = sorted.iter().map(|(what, s)| format!("{what} {s:.1} s")).collect();
    (!parts.is_empty()).then(|| format!("time: {total:.1} s ({})", parts.join(", ")))
}
