//! Findings in the templates themselves, before anything is rendered.

use super::super::{Facts, Finding};

/// The chart's own templates, helpers included: path and text.
pub(super) fn templates<'f>(facts: &'f Facts<'_>) -> impl Iterator<Item = (&'f str, &'f str)> {
    let own = facts.chart.templates.iter().filter(|(path, _)| path.starts_with("templates/"));
    own.map(|(path, text)| (path.as_str(), text.as_str()))
}

/// The lines with actions, counted from 1, comments left out.
pub(super) fn actions(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(i, line)| (i + 1, line));
    lines.filter(|(_, line)| line.contains("{{") && !line.contains("{{/*") && !line.contains("{{- /*"))
}

/// A finding at a line of a template.
pub(super) fn at(path: &str, line: usize, message: impl Into<String>) -> Finding {
    Finding::in_template(path, line, message)
}
