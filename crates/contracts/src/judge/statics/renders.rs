//! `renders`: `helm template` went through and printed at least one object.

use super::{Facts, fail, inconclusive, pass};
use crate::model::{ChartPlan, EnvironmentPlan, Measured, Slot, Verdict, Where};
use regex::Regex;

pub(super) fn judge(chart: &ChartPlan, environment: &EnvironmentPlan, slot: &Slot) -> Verdict {
    if let Some(error) = &environment.render_error {
        let mut verdict = fail(slot, "render", format!("expected to render, seen {}", error.trim()));
        verdict.places = place(chart, error).into_iter().collect();
        return verdict;
    }
    let n = Facts::new(chart, environment).graph.documents.len() as u64;
    if n == 0 {
        return inconclusive(slot, "missing", "the chart renders no object");
    }
    pass(slot, vec![Measured { what: "objects".to_owned(), value: n as f64, limit: None, unit: String::new(), n }])
}

/// Helm names the template and its line: `registry/templates/x.yaml:12:3`.
fn place(chart: &ChartPlan, error: &str) -> Option<Where> {
    let place = Regex::new(r"[\w.-]+/(templates/[\w./-]+):(\d+)").ok()?;
    let found = place.captures_iter(error).last()?;
    let file = format!("{}/{}", chart.path.trim_end_matches('/'), &found[1]);
    Some(Where { file, line: found[2].parse().ok(), note: None })
}
