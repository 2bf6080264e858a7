//! Installing for good, as `up` does, and leaving somebody else's cluster as it was.

use super::api::{ApiError, is_status};
use super::crds::CRD;
use super::holder::Holder;
use super::site::{ReleaseError, Site};
use super::stage::Stage;
use crate::ours;
use crate::readiness::{name_of, text};
use crate::run::Installed;
use serde_json::{Value, json};
use std::time::Instant;

impl Site {
    /// Installs or upgrades the release, and waits until it is ready. Nothing of it goes with the run.
    pub(crate) async fn up(&self, stage: &Stage<'_>) -> Result<Installed, ReleaseError> {
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": stage.namespace(), "labels": { ours::LABEL: ours::OURS } },
        });
        if self.objects.get("Namespace", "", stage.namespace()).await?.is_none() {
            self.objects.apply("", &namespace).await?;
        }
        self.until_usable(stage.namespace()).await?;
        self.meet_needs(stage).await?;
        self.win_over_stubs(stage).await?;
        self.stand_in(stage).await?;
        self.load_images(stage).await?;
        let started = Instant::now();
        let (helm, progress) = self.install_and_watch(stage).await?;
        let problem = if helm.code == Some(0) { progress.problem() } else { None };
        Ok(Installed { helm, problem, seconds: started.elapsed().as_secs_f64() })
    }

    /// Removes every release, namespace and CRD that this run made here.
    pub(crate) async fn leave(&self) -> Result<(), ReleaseError> {
        let entries = self.dir.join("releases").read_dir_utf8();
        for entry in entries.into_iter().flatten().flatten() {
            let Some(namespace) = entry.path().file_stem() else { continue };
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            let holder: Holder = serde_json::from_slice(&bytes).unwrap_or_default();
            if !holder.release.is_empty() {
                self.helm.uninstall(&holder.release, namespace).await?;
                self.delete_namespace(namespace).await?;
                self.until_volumes_gone(namespace).await?;
                let _ = std::fs::remove_file(entry.path());
            }
        }
        // Namespaces of needs, and of a dry run that was interrupted; CRDs last, for their objects are in namespaces.
        for namespace in self.made("Namespace").await? {
            self.delete_namespace(&namespace).await?;
        }
        for crd in self.made(CRD).await? {
            self.objects.delete(CRD, "", &crd).await?;
        }
        Ok(())
    }

    /// What carries this run's label, by name. Who may not list them has made none.
    async fn made(&self, kind: &str) -> Result<Vec<String>, ReleaseError> {
        let all = match self.objects.list(kind, "").await {
            Err(ApiError::Refused { source, .. }) if is_status(&source, 403) => Vec::new(),
            listed => listed?,
        };
        let is_made = |one: &&Value| text(one, "/metadata/labels/seatrial.dev~1run") == self.run.as_str();
        Ok(all.iter().filter(is_made).map(|one| name_of(one).to_owned()).collect())
    }
}
