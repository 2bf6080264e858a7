//! The requirement rows that `covers` may name: those of the nearest `docs/requirements.md` above the chart.

use camino::Utf8Path;
use std::collections::BTreeSet;

/// `None` where there is no such file: then nothing is checked.
pub(super) fn known_rows(chart: &Utf8Path) -> Option<BTreeSet<String>> {
    let chart = chart.canonicalize_utf8().ok()?;
    let file = chart.ancestors().map(|dir| dir.join("docs/requirements.md")).find(|file| file.is_file())?;
    let markdown = std::fs::read_to_string(file).ok()?;
    Some(seatrial_contracts::requirements::known_rows(&markdown))
}
