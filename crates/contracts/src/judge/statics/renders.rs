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

/// Helm names the template and its line, those of subcharts with the way there: `app/charts/db/templates/x.yaml:12:3`.
/// The last line is the innermost; of YAML that can't be read only the template is named.
fn place(chart: &ChartPlan, error: &str) -> Option<Where> {
    let template = r"(?:^|[^\w./-])[\w.-]+/((?:charts/[\w.-]+/)*templates/[\w./-]+)(?::(\d+))?";
    let named: Vec<_> = Regex::new(template).ok()?.captures_iter(error).collect();
    let found = named.iter().rfind(|place| place.get(2).is_some()).or(named.last())?;
    let line = found.get(2).and_then(|line| line.as_str().parse().ok());
    Some(Where { file: chart.shown(&found[1]), line, note: None })
}
