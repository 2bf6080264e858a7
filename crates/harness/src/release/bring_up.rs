//! Bringing a release up: namespace, images, prober, Helm, then watching it get ready. What goes wrong before Helm is
//! the environment's, from its exec on it is the chart's.

use super::clock::clock;
use super::holder::Holder;
use super::mirror::Mirror;
use super::site::{ReleaseError, Site};
use super::stage::Stage;
use super::until_ready::{Progress, until_ready};
use super::{manifest, objects};
use crate::cluster;
use crate::helm::Install;
use crate::step_file;
use crate::tools;
use indexmap::IndexMap;
use seatrial_contracts::judge;
use seatrial_observation::{CommandSeen, Ended, Event, Observation, Part, Sample, Seen};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Instant;

/// One install from nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fresh {
    pub(crate) generation: u64,
    pub(crate) helm: CommandSeen,
    /// Counted from the exec of Helm; without samples where Helm failed.
    pub(crate) progress: Progress,
    pub(crate) seconds: f64,
}

/// The first bring-up of an environment in a run, as the implicit clauses read it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BringUp {
    pub(crate) installs: Observation,
    pub(crate) ready: Observation,
}

impl Fresh {
    fn observation(&self, part: Part) -> Observation {
        let (clock, generation, seconds) = (clock(), self.generation, self.seconds);
        Observation { clock, generation, parts: vec![part], seconds, ..Observation::default() }
    }

    fn bring_up(&self) -> BringUp {
        let look = Ok(Seen::Command(self.helm.clone()));
        let sample = Sample { at_ms: self.helm.seconds * 1000.0, look };
        let installs = Part { before: None, samples: vec![sample], looks: 1, ended: Ended::Decided };
        let ready = self.observation(self.progress.part());
        let ready = Observation { starts: vec![self.progress.starts.clone()], ..ready };
        BringUp { installs: self.observation(installs), ready }
    }
}

impl Site {
    /// The first bring-up of this stage in the run: made by who needs it first, read by all others, also when it
    /// failed.
    pub(crate) async fn bring_up(&self, stage: &Stage<'_>) -> Result<BringUp, ReleaseError> {
        let (key, steps) = (format!("bring-up-{}", stage.key()), self.steps());
        let made = step_file::once::<BringUp, String>(&steps, &key, async || {
            let made = async {
                let _interest = self.interested(stage).await?;
                let _lock = self.lock(stage, true).await?;
                self.replace(stage, false).await
            };
            made.await.map(|fresh| fresh.bring_up()).map_err(|error: ReleaseError| error.to_string())
        });
        made.await?.map_err(|message| ReleaseError::Recorded { message })
    }

    /// The installs from nothing, one after the other, of which the clauses with a startup budget share the records;
    /// `index` counts from 0.
    pub(crate) async fn fresh(&self, stage: &Stage<'_>, index: u32) -> Result<Fresh, ReleaseError> {
        let (key, steps) = (format!("fresh-{index}-{}", stage.key()), self.steps());
        let made = step_file::once::<Fresh, String>(&steps, &key, async || {
            let made = async {
                // Up and at rest first: images on the node, prober answering, nothing else going on.
                let _held = self.hold_alone(stage).await?;
                self.prober(stage.namespace()).until_answering().await?;
                self.replace_reachable(stage, true).await
            };
            made.await.map_err(|error: ReleaseError| error.to_string())
        });
        made.await?.map_err(|message| ReleaseError::Recorded { message })
    }

    /// A fresh install whose Services are waited for, too: the first bring-up has shown by the clause `reachable` what
    /// comes of them, and who looks next shall not judge it again.
    pub(super) async fn replace_reachable(&self, stage: &Stage<'_>, is_measured: bool) -> Result<Fresh, ReleaseError> {
        let fresh = Box::pin(self.replace(stage, is_measured)).await?;
        if fresh.problem().is_none() {
            self.until_reachable_again(stage).await;
        }
        Ok(fresh)
    }

    /// Whatever is in the namespace is replaced by a fresh install of the stage. The caller holds it alone. Where the
    /// install is measured (`is_measured`), nothing of the old one goes on meanwhile, not even on the node's disk.
    async fn replace(&self, stage: &Stage<'_>, is_measured: bool) -> Result<Fresh, ReleaseError> {
        let started = Instant::now();
        let what = format!("release {}", stage.name());
        self.events.emit(Event::Started { what: what.clone() });
        let made = self.replace_unheard(stage, is_measured, started).await;
        let seconds = started.elapsed().as_secs_f64();
        self.events.emit(match &made {
            Ok(_) => Event::Finished { what, seconds },
            Err(error) => Event::Failed { what, message: error.to_string(), seconds },
        });
        made
    }

    async fn replace_unheard(
        &self,
        stage: &Stage<'_>,
        is_measured: bool,
        started: Instant,
    ) -> Result<Fresh, ReleaseError> {
        if self.prober_image.is_empty() {
            let image = tools::prober_image();
            image.map_err(|missing| ReleaseError::Recorded { message: missing.to_string() })?;
        }
        let before = self.holder(stage)?;
        let generation = before.generation + 1;
        let holder = Holder {
            key: stage.key(),
            name: stage.name(),
            release: stage.release().to_owned(),
            generation,
            is_sound: false,
        };
        if !before.key.is_empty() {
            self.wipe(stage, &before.release, is_measured).await?;
        }
        self.set_holder(stage, &holder)?;
        self.ensure_namespace(stage, !before.key.is_empty()).await?;
        self.meet_needs(stage).await?;
        self.win_over_stubs(stage).await?;
        self.stand_in(stage).await?;
        self.load_images(stage).await?;
        self.prober(stage.namespace()).apply().await?;
        self.evidence.learn_rendered(&objects(&stage.environment.rendered));
        // Where the install is measured, nothing of ours goes on beside it.
        let _following = (!is_measured).then(|| self.evidence.follow(&self.objects, stage));
        let (helm, progress) = self.install_and_watch(stage).await?;
        if helm.code == Some(0) && progress.problem().is_none() {
            self.set_holder(stage, &Holder { is_sound: true, ..holder })?;
        }
        self.evidence.collect(self, stage).await;
        Ok(Fresh { generation, helm, progress, seconds: started.elapsed().as_secs_f64() })
    }

    /// Images that can't be had do not stop the bring-up: the pods will say so. An engine that is gone does.
    pub(super) async fn load_images(&self, stage: &Stage<'_>) -> Result<(), ReleaseError> {
        if !self.cluster.capabilities.load_images {
            return Ok(());
        }
        let started = manifest::images(&stage.environment.rendered);
        let mut images: Vec<String> = started.iter().cloned().collect();
        images.push(self.prober_image.clone());
        let loaded = cluster::load_images(&self.cluster, &images, &self.tools).await;
        if let Err(error) = loaded {
            cluster::check_engine(&self.tools).await?;
            self.events.warn(format!("images for {}: {error}", stage.name()));
        }
        // What programs of the release may start later is loaded as far as it can be had: nothing fails by it now.
        let handed_on = judge::images(&stage.environment.rendered).into_iter().filter(|image| !started.contains(image));
        for image in handed_on {
            if let Err(error) = cluster::load_images(&self.cluster, &[image], &self.tools).await {
                self.events.warn(format!("images for {}: {error}", stage.name()));
            }
        }
        Ok(())
    }

    pub(super) async fn install_and_watch(&self, stage: &Stage<'_>) -> Result<(CommandSeen, Progress), ReleaseError> {
        let judged = stage.judged();
        let mut mirror = Mirror::open(&self.objects, stage.namespace(), &judged).await?;
        let start = Instant::now();
        let helm = self.install(stage, &stage.environment.set).await?;
        // The chart may have brought CRDs.
        self.objects.forget_kinds().await;
        if helm.code != Some(0) {
            return Ok((helm, Progress::none()));
        }
        let give_up = stage.ready_timeout(self.slow);
        let mut progress = until_ready(&mut mirror, &judged, start, give_up, &[]).await;
        self.explain(stage, &mut progress).await;
        Ok((helm, progress))
    }

    /// Adds the last lines of a crashed container to the reason that doomed the wait.
    async fn explain(&self, stage: &Stage<'_>, progress: &mut Progress) {
        let Ended::Doomed(reason) = &mut progress.ended else { return };
        let Some(pod) = reason.object.as_deref().and_then(|object| object.strip_prefix("Pod/")) else { return };
        if !reason.message.starts_with("CrashLoopBackOff") {
            return;
        }
        reason.detail = self.evidence.last_lines(self, stage.namespace(), pod).await;
        let (detail, message) = (reason.detail.clone(), reason.message.clone());
        let Some(Sample { look: Ok(Seen::Readiness(looks)), .. }) = progress.samples.last_mut() else { return };
        for one in looks {
            if let seatrial_observation::Look::Doomed(same) = &mut one.look
                && same.message == message
            {
                same.detail.clone_from(&detail);
            }
        }
    }

    /// `helm upgrade --install` of the stage with these single values.
    pub(crate) async fn install(
        &self,
        stage: &Stage<'_>,
        set: &IndexMap<String, Value>,
    ) -> Result<CommandSeen, ReleaseError> {
        let files = stage.files();
        let template = stage.template(&files, set);
        let finished = self.helm.install(&Install { template, is_helm_4: self.is_helm_4 }).await?;
        Ok(self.evidence.command_seen(&finished))
    }
}
