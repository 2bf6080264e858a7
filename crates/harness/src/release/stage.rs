//! One environment of one chart, on its way to a cluster.

use super::manifest;
use crate::cache::KeyOf;
use crate::helm::Template;
use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;
use seatrial_contracts::model::{ChartPlan, EnvironmentPlan, Thing};
use serde_json::Value;
use std::time::Duration;

/// A chart and the environment it is installed for.
#[derive(Clone, Copy)]
pub(crate) struct Stage<'a> {
    pub(crate) chart: &'a ChartPlan,
    pub(crate) environment: &'a EnvironmentPlan,
}

impl<'a> Stage<'a> {
    /// `chart/environment`, for people.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.chart.chart, self.environment.name)
    }

    pub(crate) fn namespace(&self) -> &'a str {
        &self.environment.release.namespace
    }

    pub(crate) fn release(&self) -> &'a str {
        &self.environment.release.name
    }

    /// Names what is installed: another render, other values or another folder are another stage.
    pub(crate) fn key(&self) -> String {
        let parts = [
            self.chart.path.as_str(),
            &self.environment.name,
            &self.environment.rendered,
            &self.environment.values.join("\n"),
            &serde_json::to_string(&(&self.environment.set, &self.environment.needs)).unwrap_or_default(),
        ];
        let hash = parts.iter().fold(KeyOf::new(), KeyOf::part).key();
        format!("{}-{}-{hash}", self.chart.chart, self.environment.name)
    }

    /// The values files, found from where we are.
    pub(crate) fn files(&self) -> Vec<Utf8PathBuf> {
        self.environment.values.iter().map(|file| Utf8Path::new(&self.chart.path).join(file)).collect()
    }

    /// What Helm renders, with these values files and single values.
    pub(crate) fn template<'b>(&'b self, files: &'b [Utf8PathBuf], set: &'b IndexMap<String, Value>) -> Template<'b> {
        Template {
            release: self.release(),
            namespace: self.namespace(),
            chart: Utf8Path::new(&self.chart.path),
            files,
            set,
        }
    }

    /// The releases of other charts that this one needs.
    pub(crate) fn needed_releases(&self) -> Vec<&'a str> {
        let charts = self.environment.needs.iter().filter(|need| matches!(need.thing, Thing::Chart { .. }));
        charts.map(|need| need.name.as_str()).collect()
    }

    /// `(kind, name)` of what has a readiness.
    pub(crate) fn judged(&self) -> Vec<(String, String)> {
        manifest::judged(&self.environment.rendered)
    }

    /// When to give up waiting for readiness.
    pub(crate) fn ready_timeout(&self, slow: f64) -> Duration {
        self.chart.timeouts.ready.mul_f64(slow.max(0.1))
    }
}
