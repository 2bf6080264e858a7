//! Planning charts for a command: those that plan, and why the others do not. One bad contract stops no other chart.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::{ChartPlan, Contract};
use seatrial_harness::chart::{ChartError, PlanOptions, plan_with_helm, plans_with_helm, read_contract};
use seatrial_harness::cluster::ProviderKind;
use seatrial_harness::run::{node_ports as node_ports_of, skip_what_is_missing};
use std::collections::BTreeSet;

/// The outcome for all charts of a command.
#[derive(Debug, Default)]
pub(crate) struct Planning {
    /// In the order of the charts.
    pub(crate) plans: Vec<ChartPlan>,
    /// The charts that have none.
    pub(crate) failures: Vec<Failure>,
}

impl Planning {
    /// The plans, if every chart has one; else all failures in one.
    pub(crate) fn complete(self) -> Result<Vec<ChartPlan>, Failure> {
        match Failure::all(self.failures) {
            Some(failure) => Err(failure),
            None => Ok(self.plans),
        }
    }
}

/// Plans charts, as many at once as Helm may render. All that this needs is Helm.
pub(crate) async fn all(charts: &[Utf8PathBuf]) -> Result<Planning, Failure> {
    let helm = Context::helm()?;
    let mut planning = Planning::default();
    for planned in plans_with_helm(charts, &helm, &PlanOptions::default()).await {
        match able(planned) {
            Ok(plan) => planning.plans.push(plan),
            Err(failure) => planning.failures.push(failure),
        }
    }
    Ok(planning)
}

/// Plans charts without the repository's baseline: every finding of theirs is new.
pub(crate) async fn without_baseline(charts: &[Utf8PathBuf]) -> Result<Vec<ChartPlan>, Failure> {
    let helm = Context::helm()?;
    let options = PlanOptions { has_baseline: false, ..PlanOptions::default() };
    let mut plans = Vec::new();
    for chart in charts {
        plans.push(plan_with_helm(chart, &helm, &options).await.map_err(failure)?);
    }
    Ok(plans)
}

/// Plans one chart, for a cluster that can do everything.
pub(crate) async fn one(chart: &Utf8Path, helm: &Utf8Path) -> Result<ChartPlan, Failure> {
    able(plan_with_helm(chart, helm, &PlanOptions::default()).await)
}

fn able(planned: Result<ChartPlan, ChartError>) -> Result<ChartPlan, Failure> {
    let skipped = planned.map(|mut plan| {
        skip_what_is_missing(&mut plan, ProviderKind::Kind.capabilities());
        plan
    });
    skipped.map_err(failure)
}

/// The name of one chart and its contract, for which no Helm is needed.
pub(crate) fn contract(chart: &Utf8Path) -> Result<(String, Contract), Failure> {
    read_contract(chart, &PlanOptions::default()).map_err(failure)
}

/// Why a chart has no plan, as the end of a command.
pub(crate) fn failure(error: ChartError) -> Failure {
    match error {
        ChartError::Invalid(diagnostics) => Failure::invalid(diagnostics),
        error @ (ChartError::NoChart { .. } | ChartError::NoName { .. }) => Failure::usage(error.to_string()),
        error @ ChartError::BadFile { .. } => Failure::new(Exit::Broken, error.to_string()),
        error => Failure::environment(&error),
    }
}

/// The node ports of all charts of the repository, whatever charts were chosen: one shared cluster maps them all.
/// A chart that does not plan tells nothing.
pub(crate) async fn node_ports(context: &Context) -> BTreeSet<u16> {
    let charts = context.repository.charts(&[]).unwrap_or_default();
    let planning = all(&charts).await.unwrap_or_default();
    planning.plans.iter().flat_map(node_ports_of).collect()
}
