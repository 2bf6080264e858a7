//! Planning charts for a command: those that plan, and why the others do not. One bad contract stops no other chart.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::ChartPlan;
use seatrial_harness::chart::{ChartError, PlanOptions, plan_chart};

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

/// Plans charts one after the other.
pub(crate) async fn all(charts: &[Utf8PathBuf], context: &Context) -> Planning {
    let mut planning = Planning::default();
    for chart in charts {
        match one(chart, context).await {
            Ok(plan) => planning.plans.push(plan),
            Err(failure) => planning.failures.push(failure),
        }
    }
    planning
}

/// Plans one chart.
pub(crate) async fn one(chart: &Utf8Path, context: &Context) -> Result<ChartPlan, Failure> {
    let planned = plan_chart(chart, &context.tools(), &PlanOptions::default()).await;
    planned.map_err(|error| match error {
        ChartError::Invalid(diagnostics) => Failure::invalid(diagnostics),
        error => Failure::new(Exit::NoEnvironment, chain(&error)),
    })
}
