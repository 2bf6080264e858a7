//! A need that is another chart: a release of its own in the same namespace, installed and ready before the chart that
//! needs it.

use super::mirror::Mirror;
use super::site::{ReleaseError, Site};
use super::stage::Stage;
use super::until_ready::until_ready;
use super::{manifest, objects};
use crate::cluster;
use crate::command::Finished;
use crate::helm::{Install, Template};
use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;
use seatrial_contracts::model::Need;
use serde_json::Value;
use std::time::Instant;

impl Site {
    pub(super) async fn install_need(
        &self,
        stage: &Stage<'_>,
        need: &Need,
        chart: &str,
        values: &[String],
        set: &IndexMap<String, Value>,
    ) -> Result<(), ReleaseError> {
        let home = Utf8Path::new(&stage.chart.path);
        let (chart, files): (Utf8PathBuf, Vec<_>) = (home.join(chart), values.iter().map(|f| home.join(f)).collect());
        let template =
            Template { release: &need.name, namespace: stage.namespace(), chart: &chart, files: &files, set };
        let rendered = self.helm.template(&template).await?;
        let rendered = self.gone_through(need, rendered)?.stdout;
        self.evidence.learn_rendered(&objects(&rendered));
        self.load_needed(&rendered).await;
        let installed = self.helm.install(&Install { template, is_helm_4: self.is_helm_4 }).await?;
        self.gone_through(need, installed)?;
        // It may have brought CRDs.
        self.objects.forget_kinds().await;
        self.until_need_ready(stage, need, &rendered).await
    }

    fn gone_through(&self, need: &Need, finished: Finished) -> Result<Finished, ReleaseError> {
        if finished.is_ok() {
            return Ok(finished);
        }
        let message = self.evidence.clean(finished.tail());
        Err(ReleaseError::Need { need: need.title(), message })
    }

    /// What can't be had is told by its pods.
    async fn load_needed(&self, rendered: &str) {
        let images: Vec<String> = manifest::images(rendered).into_iter().collect();
        if !self.cluster.capabilities.load_images || images.is_empty() {
            return;
        }
        if let Err(error) = cluster::load_images(&self.cluster, &images, &self.tools).await {
            self.events.warn(format!("images of a needed chart: {error}"));
        }
    }

    async fn until_need_ready(&self, stage: &Stage<'_>, need: &Need, rendered: &str) -> Result<(), ReleaseError> {
        let (judged, started) = (manifest::judged(rendered), Instant::now());
        let mut mirror = Mirror::open(&self.objects, stage.namespace(), &judged).await?;
        let progress = until_ready(&mut mirror, &judged, started, stage.ready_timeout(self.slow), &[]).await;
        match progress.problem() {
            None => Ok(()),
            Some(problem) => {
                let message = format!("its release did not get ready: {}", self.evidence.clean(&problem));
                Err(ReleaseError::Need { need: need.title(), message })
            }
        }
    }
}
