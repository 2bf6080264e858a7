//! A session: the run's cluster when it is needed, verdicts with their prerequisites, and the end.

use super::{capability, observe, plain, provenance};
use crate::cluster::{self, GuardCommand, Means, ProviderKind, Wanted};
use crate::events::Events;
use crate::evidence::Evidence;
use crate::helm::Helm;
use crate::reaper::ReapError;
use crate::release::{Objects, ReleaseError, Site, Stage};
use crate::run_id::RunId;
use crate::state;
use crate::tools::{self, ToolError, Tools};
use camino::Utf8PathBuf;
use seatrial_contracts::judge;
use seatrial_contracts::model::{ChartPlan, Contexts, EnvironmentPlan, Level, Slot, Verdict, VerdictKind};
use seatrial_observation::{CommandSeen, Event, Observation};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::sync::OnceCell;

/// Why there is no verdict: the environment did not come up, or its end failed.
#[derive(Debug, Error)]
pub enum RunError {
    /// Cluster, namespace, Helm or prober could not be had (exit code 30).
    #[error(transparent)]
    Environment(#[from] ReleaseError),
    /// A program or an image is missing (exit code 30).
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The teardown failed (exit code 31).
    #[error(transparent)]
    Teardown(#[from] ReapError),
}

/// What a session runs under.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// The run; all its processes share clusters, releases and records.
    pub run: RunId,
    /// Where clusters come from.
    pub provider: ProviderKind,
    /// The context of an existing cluster.
    pub context: Option<String>,
    /// How much longer to wait before giving up; promises are never stretched.
    pub slow: f64,
    /// Whether static clauses gate the live ones (`--tier live` runs without).
    pub has_gates: bool,
    /// The folder of all evidence (`target/seatrial`); the run gets one of its own in it.
    pub evidence_dir: Utf8PathBuf,
    /// How a guard is started.
    pub guard: GuardCommand,
    /// How long the cluster stays after the run.
    pub keep: Option<Duration>,
    /// The node ports of all contracts of the checkout ([`super::node_ports`]); those of the judged chart are added.
    pub node_ports: BTreeSet<u16>,
    /// Which contexts of an existing cluster may be used, by the repository file.
    pub contexts: Contexts,
    /// Whether values of Secrets are taken out of the evidence; only the test of redaction says no.
    pub is_redacted: bool,
}

impl SessionOptions {
    /// A run on a kind cluster, with evidence below the working directory.
    pub fn new(run: RunId, guard: GuardCommand) -> Self {
        Self {
            run,
            provider: ProviderKind::Kind,
            context: None,
            slow: 1.0,
            has_gates: true,
            evidence_dir: Utf8PathBuf::from("target/seatrial"),
            guard,
            keep: None,
            node_ports: BTreeSet::new(),
            contexts: Contexts::default(),
            is_redacted: true,
        }
    }
}

/// One process's part in a run.
pub struct Session {
    options: SessionOptions,
    tools: Tools,
    events: Events,
    evidence: Evidence,
    site: OnceCell<Site>,
    verdicts: Mutex<HashMap<String, Verdict>>,
}

impl Session {
    /// Opens a session. No cluster is made before a clause needs one.
    #[expect(clippy::unused_async, reason = "opening may come to wait, and its callers are async anyway")]
    pub async fn open(options: SessionOptions, tools: Tools, events: Events) -> Result<Self, RunError> {
        let evidence = Evidence::open(&options.evidence_dir, &options.run, options.is_redacted, &events);
        let events = evidence.timed(events);
        let (site, verdicts) = (OnceCell::new(), Mutex::default());
        Ok(Self { options, tools, events, evidence, site, verdicts })
    }

    /// The verdict of one slot, after all its prerequisites.
    pub async fn judge(
        &self,
        chart: &ChartPlan,
        environment: &EnvironmentPlan,
        slot: &Slot,
    ) -> Result<Verdict, RunError> {
        let stage = Stage { chart, environment };
        Box::pin(self.judge_once(&stage, slot)).await
    }

    /// Installs an environment's release for good, without a prober, on the session's cluster or a given one: what
    /// `up` does. Helm's end; readiness is waited for.
    pub async fn install(
        &self,
        cluster: cluster::Cluster,
        chart: &ChartPlan,
        environment: &EnvironmentPlan,
    ) -> Result<Installed, RunError> {
        let site = self.site_on(cluster).await?;
        Ok(site.up(&Stage { chart, environment }).await?)
    }

    /// Ends the session: the run's cluster goes now, unless it is to be kept or somebody else's; there everything of
    /// ours is removed.
    pub async fn close(self) -> Result<(), RunError> {
        if let Some(site) = self.site.get()
            && site.cluster.provider == ProviderKind::Existing
        {
            site.leave().await?;
        }
        Ok(cluster::release(&self.options.run, &self.events).await?)
    }

    async fn judge_once(&self, stage: &Stage<'_>, slot: &Slot) -> Result<Verdict, RunError> {
        let key = format!("{}/{}", stage.key(), slot.id.local());
        if let Some(known) = self.verdicts().get(&key) {
            return Ok(known.clone());
        }
        let started = Instant::now();
        let mut verdict = self.judge_now(stage, slot).await?;
        if verdict.seconds == 0.0 {
            verdict.seconds = started.elapsed().as_secs_f64();
        }
        self.evidence.keep_verdict(stage, &verdict);
        self.verdicts().insert(key, verdict.clone());
        self.tell(&verdict);
        Ok(verdict)
    }

    async fn judge_now(&self, stage: &Stage<'_>, slot: &Slot) -> Result<Verdict, RunError> {
        if slot.skip.is_some() {
            return Ok(judge::skipped(slot));
        }
        if let Some(by) = self.blocked_by(stage, slot).await? {
            return Ok(judge::blocked(slot, &by));
        }
        if !judge::needs_observation(slot) {
            let mut verdict = judge::judge_static(stage.chart, stage.environment, slot);
            provenance::add_value_keys(&self.helm_for_files(), stage, &mut verdict).await;
            return Ok(verdict);
        }
        self.events.emit(Event::Judging { slot: slot.id.to_string() });
        let observation = if observe::is_of_files(slot) {
            observe::of_files(self, stage, slot).await?
        } else if self.options.provider == ProviderKind::Docker {
            self.cluster_for(stage).await?;
            plain::on(&self.options.run, self.options.slow, stage, slot).await?
        } else {
            let site = self.site_for(stage).await?;
            site.check_alive().await?;
            // Boxed: what is below is deep, and a future of it all in one has no layout that the compiler would compute.
            let observation = Box::pin(observe::on(site, stage, slot)).await?;
            Observation { stubs: site.stubs(stage), ..observation }
        };
        let mut verdict = judge::evaluate(stage.chart, stage.environment, slot, Some(&observation));
        self.evidence.keep(stage, &slot.id.local(), &observation);
        verdict.evidence = Some(self.shown_folder(stage));
        if verdict.kind != VerdictKind::Pass
            && let Some(site) = self.site.get()
        {
            site.check_alive().await?;
            self.evidence.collect(site, stage).await;
        }
        Ok(verdict)
    }

    /// The first prerequisite that did not pass, by its root. Static ones gate only where the session has gates.
    async fn blocked_by(&self, stage: &Stage<'_>, slot: &Slot) -> Result<Option<String>, RunError> {
        for id in &slot.after {
            let found = stage.environment.slots.iter().find(|other| other.id.local() == *id);
            let Some(other) = found.filter(|other| self.is_gate(slot, other)) else { continue };
            let verdict = Box::pin(self.judge_once(stage, other)).await?;
            if let Some(by) = judge::blocking(&verdict) {
                return Ok(Some(by));
            }
        }
        Ok(None)
    }

    fn is_gate(&self, slot: &Slot, other: &Slot) -> bool {
        self.options.has_gates || other.level != Level::Static || slot.level == Level::Static
    }

    async fn site_for(&self, stage: &Stage<'_>) -> Result<&Site, RunError> {
        self.site.get_or_try_init(async || self.shared_site(stage).await).await
    }

    async fn shared_site(&self, stage: &Stage<'_>) -> Result<Site, RunError> {
        let cluster = self.cluster_for(stage).await?;
        self.site_on(cluster).await
    }

    /// What the run stands on: in Docker mode its lease and its guard.
    async fn cluster_for(&self, stage: &Stage<'_>) -> Result<cluster::Cluster, RunError> {
        let mut node_ports = self.options.node_ports.clone();
        node_ports.extend(capability::node_ports(stage.chart));
        let wanted = Wanted {
            provider: self.options.provider,
            context: self.options.context.clone(),
            node_ports,
            keep: self.options.keep,
            contexts: self.options.contexts.clone(),
        };
        let means = Means { tools: &self.tools, guard: &self.options.guard, events: &self.events };
        let cluster = cluster::shared(&self.options.run, &wanted, means).await;
        Ok(cluster.map_err(ReleaseError::from)?)
    }

    async fn site_on(&self, cluster: cluster::Cluster) -> Result<Site, RunError> {
        let client = cluster.client().await.map_err(ReleaseError::from)?;
        let prober_image = match tools::prober_image() {
            // A dry run needs none; who installs there is told.
            Err(_) if cluster.provider == ProviderKind::Existing => String::new(),
            image => image?,
        };
        let dir = state::run_dir(&self.options.run).join("work").join(&cluster.name);
        let helm = Helm::without_cluster(&self.tools.helm, state::run_dir(&self.options.run).join("helm"));
        Ok(Site {
            helm: helm.on(cluster.kubeconfig.clone(), cluster.context.as_deref()),
            is_helm_4: crate::helm::is_version_4(&self.tools.helm).await.map_err(ReleaseError::from)?,
            objects: Objects::new(client),
            cluster,
            tools: self.tools.clone(),
            run: self.options.run.clone(),
            slow: self.options.slow,
            dir,
            events: self.events.clone(),
            prober_image,
            evidence: self.evidence.clone(),
            probers: Mutex::default(),
            unreachable: Mutex::default(),
        })
    }

    pub(super) fn helm_for_files(&self) -> Helm {
        Helm::without_cluster(&self.tools.helm, state::home().join("helm"))
    }

    fn verdicts(&self) -> std::sync::MutexGuard<'_, HashMap<String, Verdict>> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shown_folder(&self, stage: &Stage<'_>) -> String {
        let folder = self.evidence.folder(stage);
        let here = std::env::current_dir().ok().and_then(|dir| Utf8PathBuf::from_path_buf(dir).ok());
        here.and_then(|here| folder.strip_prefix(here).ok().map(ToString::to_string)).unwrap_or(folder.into_string())
    }

    fn tell(&self, verdict: &Verdict) {
        let kind = format!("{:?}", verdict.kind).to_lowercase();
        let line = super::summary::line(verdict);
        self.events.emit(Event::Judged { slot: verdict.id.to_string(), verdict: kind, line, seconds: verdict.seconds });
    }
}

/// How an install for good ended.
#[derive(Clone, Debug)]
pub struct Installed {
    /// How Helm ended.
    pub helm: CommandSeen,
    /// Why the release is not ready, if it is not.
    pub problem: Option<String>,
    /// Seconds from the exec of Helm until it was ready, or given up.
    pub seconds: f64,
}
