//! The last release in the place of this one: what an upgrade starts from.

use super::site::{ReleaseError, Site};
use super::stage::Stage;
use camino::Utf8Path;
use seatrial_contracts::model::{ChartPlan, EnvironmentPlan, LastRelease};
use std::collections::BTreeMap;

impl Site {
    /// Replaces the release by the last one, with the values of this one as far as it had files for them, and waits
    /// until it is ready. The caller holds it alone, and marked as not sound.
    pub(crate) async fn replace_by_last(&self, stage: &Stage<'_>, last: &LastRelease) -> Result<(), ReleaseError> {
        let (chart, environment) = as_it_was(stage, last);
        let old = Stage { chart: &chart, environment: &environment };
        self.wipe(stage, stage.release(), false).await?;
        self.load_images(&old).await?;
        let (helm, progress) = self.install_and_watch(&old).await?;
        let problem = match helm.code {
            Some(0) => progress.problem(),
            code => Some(format!("helm ended with {code:?}: {}", helm.stderr.trim())),
        };
        match problem {
            None => Ok(()),
            Some(message) => Err(ReleaseError::Recorded { message }),
        }
    }
}

/// The plan of the last release, as far as an install reads it.
fn as_it_was(stage: &Stage<'_>, last: &LastRelease) -> (ChartPlan, EnvironmentPlan) {
    let home = Utf8Path::new(&last.path);
    let chart = ChartPlan {
        chart: stage.chart.chart.clone(),
        path: last.path.clone(),
        cluster: None,
        timeouts: stage.chart.timeouts,
        templates: BTreeMap::new(),
        subcharts: BTreeMap::new(),
        skaffold: None,
        environments: Vec::new(),
    };
    let values = stage.environment.values.iter().filter(|file| home.join(file).is_file());
    let environment = EnvironmentPlan {
        values: values.cloned().collect(),
        rendered: last.rendered.clone(),
        slots: Vec::new(),
        last_release: None,
        ..stage.environment.clone()
    };
    (chart, environment)
}
