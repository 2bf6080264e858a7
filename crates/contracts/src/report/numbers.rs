//! Measured values for people: value, limit, margin and n, in the unit that reads best.

use crate::model::Measured;

/// `time to ready 1.523 s, limit 5 s, margin 3.477 s (70 %), n 12`.
pub(super) fn measured(measured: &Measured) -> String {
    let what = &measured.what;
    let mut text = format!("{what} {}", amount(measured.value, &measured.unit));
    if let Some(limit) = measured.limit {
        let margin = limit - measured.value;
        text = format!("{text}, limit {}, margin {}", amount(limit, &measured.unit), amount(margin, &measured.unit));
        if limit > 0.0 {
            text = format!("{text} ({:.0} %)", margin / limit * 100.0);
        }
    }
    // A count of things looked at says n already.
    let is_count =
        measured.limit.is_none() && measured.unit.is_empty() && (measured.value - measured.n as f64).abs() < 0.5;
    if is_count { text } else { format!("{text}, n {}", measured.n) }
}

/// A value with its unit; bytes as decimal megabytes.
fn amount(value: f64, unit: &str) -> String {
    match unit {
        "B" => format!("{} MB", rounded(value / 1e6, 1)),
        "" => rounded(value, 3),
        "ms" => format!("{} ms", rounded(value, 1)),
        other => format!("{} {other}", rounded(value, 3)),
    }
}

/// At most so many decimals, and none that say nothing.
fn rounded(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if text.contains('.') { short.to_owned() } else { text }
}
