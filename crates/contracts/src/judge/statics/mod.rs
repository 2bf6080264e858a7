//! Slots that are judged on the rendered files alone. One file a question; each says how many subjects it looked at
//! and what is wrong with them.

mod contract;
mod decodes;
mod images;
mod named;
mod node_ports;
mod objects;
mod port_chain;
mod references;
mod renders;
mod selectors;

pub(crate) use port_chain::is_port;

use super::verdicts::{fail, finish, inconclusive, pass};
use crate::graph::{Document, Graph, Path};
use crate::model::{ChartPlan, Check, EnvironmentPlan, Measured, Slot, Verdict, What, Where};

/// What a static question may look at.
pub(super) struct Facts<'a> {
    chart: &'a ChartPlan,
    environment: &'a EnvironmentPlan,
    graph: Graph,
}

impl<'a> Facts<'a> {
    fn new(chart: &'a ChartPlan, environment: &'a EnvironmentPlan) -> Self {
        Self { chart, environment, graph: Graph::read(&environment.rendered) }
    }

    fn place(&self, document: &Document, path: &[String]) -> Where {
        document.place(&self.chart.path, &self.chart.templates, path)
    }
}

/// What more of them is wrong tells nothing new.
const MOST_FINDINGS: usize = 100;

/// What a question found.
#[derive(Debug, Default)]
pub(super) struct Inspected {
    /// What was looked at (`ports`).
    what: &'static str,
    /// How many of them.
    n: usize,
    findings: Vec<Finding>,
}

impl Inspected {
    fn new(what: &'static str) -> Self {
        Self { what, ..Self::default() }
    }

    /// Counts one subject and keeps what is wrong with it.
    fn subject(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.n += 1;
        self.findings.extend(findings.into_iter().take(MOST_FINDINGS.saturating_sub(self.findings.len())));
    }
}

/// Something that is wrong, and where.
#[derive(Debug)]
pub(super) struct Finding {
    message: String,
    place: Option<Where>,
}

impl Finding {
    fn at(facts: &Facts<'_>, document: &Document, path: &Path, message: impl Into<String>) -> Self {
        Self { message: message.into(), place: Some(facts.place(document, path)) }
    }
}

/// Judges a slot that needs no observation.
pub fn judge_static(chart: &ChartPlan, environment: &EnvironmentPlan, slot: &Slot) -> Verdict {
    let verdict = match &slot.what {
        What::Renders => renders::judge(chart, environment, slot),
        What::Invalid(message) => fail(slot, "invalid", message.clone()),
        What::Expired(skip) => contract::expired(slot, skip),
        What::Decodes => ruled(slot, decodes::inspect(&Facts::new(chart, environment)), "decode"),
        What::Named(target) => ruled(slot, named::inspect(&Facts::new(chart, environment), target), "missing-name"),
        What::Default(name) => default(chart, environment, slot, name),
        What::Clause(clause) => {
            let mut verdicts = clause.then.iter().map(|phase| of_check(chart, environment, slot, &phase.check));
            let first = verdicts.find(|v| v.as_ref().is_none_or(|v| v.kind != crate::model::VerdictKind::Pass));
            match first {
                Some(verdict) => verdict.unwrap_or_else(|| inconclusive(slot, "missing", "it needs an observation")),
                None if clause.then.is_empty() => inconclusive(slot, "missing", "the clause has no check"),
                None => last_pass(chart, environment, slot, clause.then.last().map(|phase| &phase.check)),
            }
        }
        _ => inconclusive(slot, "missing", "it needs an observation"),
    };
    finish(verdict, chart, environment, slot)
}

fn last_pass(chart: &ChartPlan, environment: &EnvironmentPlan, slot: &Slot, check: Option<&Check>) -> Verdict {
    let verdict = check.and_then(|check| of_check(chart, environment, slot, check));
    verdict.unwrap_or_else(|| pass(slot, Vec::new()))
}

/// The verdict of a written check that the files alone decide; `None` for one that must be observed.
pub(super) fn of_check(
    chart: &ChartPlan,
    environment: &EnvironmentPlan,
    slot: &Slot,
    check: &Check,
) -> Option<Verdict> {
    let inspected = match check {
        Check::Rendered(expected) => objects::rendered(&Facts::new(chart, environment), expected),
        Check::Objects(counts) => objects::counts(&Facts::new(chart, environment), counts),
        // It is a prerequisite: were it not kept, this would be blocked.
        Check::Holds(_) => return Some(pass(slot, Vec::new())),
        _ => return None,
    };
    Some(ruled(slot, inspected, "mismatch"))
}

fn default(chart: &ChartPlan, environment: &EnvironmentPlan, slot: &Slot, name: &str) -> Verdict {
    match inspect_default(&Facts::new(chart, environment), name) {
        Some(inspected) => ruled(slot, inspected, name),
        None => inconclusive(slot, "missing", format!("there is no default clause `{name}`")),
    }
}

fn inspect_default(facts: &Facts<'_>, name: &str) -> Option<Inspected> {
    Some(match name {
        "selectors" => selectors::inspect(facts),
        "port-chain" => port_chain::inspect(facts),
        "node-ports" => node_ports::inspect(facts),
        "references" => references::inspect(facts),
        "images" => images::inspect(facts),
        _ => return None,
    })
}

/// The default clauses on the files that have a subject in this environment, in judging order.
pub(crate) fn defaults_with_subject(chart: &ChartPlan, environment: &EnvironmentPlan) -> Vec<&'static str> {
    let facts = Facts::new(chart, environment);
    let all = ["selectors", "port-chain", "node-ports", "references", "images"];
    all.into_iter().filter(|name| inspect_default(&facts, name).is_some_and(|inspected| inspected.n > 0)).collect()
}

fn ruled(slot: &Slot, inspected: Inspected, cause: &str) -> Verdict {
    if inspected.n == 0 && inspected.findings.is_empty() {
        return inconclusive(slot, "missing", format!("the render holds no {}", inspected.what));
    }
    if inspected.findings.is_empty() {
        return pass(slot, vec![looked_at(&inspected)]);
    }
    let mut message = inspected.findings.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join("\n");
    if inspected.findings.len() >= MOST_FINDINGS {
        message.push_str("\nwhat else is wrong is not shown");
    }
    let mut verdict = fail(slot, cause, message);
    verdict.places = inspected.findings.into_iter().filter_map(|finding| finding.place).collect();
    verdict
}

fn looked_at(inspected: &Inspected) -> Measured {
    let n = inspected.n as u64;
    Measured { what: inspected.what.to_owned(), value: n as f64, limit: None, unit: String::new(), n }
}

#[cfg(test)]
mod tests;
