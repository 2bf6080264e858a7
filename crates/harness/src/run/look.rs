//! One look at a check: what is asked, and what was seen. Looking never judges. A file a check.

mod cgroup;
mod command;
mod cpu;
mod dns;
mod ends;
mod eye;
mod helm_test;
mod http;
mod job;
mod logs;
mod metrics;
mod objects;
mod pod_run;
mod postgres;
mod rbac;
mod ready;
pub(super) mod refusals;
mod registry;
mod secret;
mod single;
mod summaries;
mod tcp;
mod usage;
mod way;
mod ws;

pub(super) use http::keep_cookies;
pub(super) use usage::running_containers;

use super::address::{Addresses, From, error};
use super::faults::Undo;
use super::load::Switch;
use super::targets::Targets;
use crate::prober::Eye;
use crate::readiness::History;
use crate::release::Mirror;
use indexmap::IndexMap;
use jiff::Timestamp;
use seatrial_contracts::judge::{self, Memory};
use seatrial_contracts::model::Check;
use seatrial_observation::{LookError, ProbeOutcome, ProbeSpec, Seed, Seen};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one probe may take.
const PROBE: Duration = Duration::from_secs(5);

/// Looks for one clause; what it learns on the way (cookies aside) lasts as long as the clause.
pub(super) struct Looker<'a> {
    pub(super) targets: Targets<'a>,
    pub(super) addresses: Addresses<'a>,
    pub(super) tolerates: &'a [String],
    /// What pushes remembered.
    pub(super) seeds: IndexMap<String, Seed>,
    /// What sessions of `before` have saved.
    pub(super) memory: Memory,
    /// Since when logs count: what was said before `when` does not.
    pub(super) logs_since: Option<Timestamp>,
    /// What is left to undo after the clause.
    pub(super) undo: Vec<Undo>,
    /// What a load among the events of the clause waits for.
    pub(super) load: Option<Arc<Switch>>,
    /// Whether the event that could not be done was refused by Helm itself.
    pub(super) is_refused: bool,
    /// What talks keep open.
    lines: IndexMap<String, ws::Line>,
    mirror: Option<(Mirror, History, Instant)>,
    last_summary: String,
    /// What containers had used of the CPU by when.
    cpu: cpu::Readings,
    /// The Job that was made of a CronJob since the last event.
    made_job: Option<String>,
    eye: tokio::sync::OnceCell<Eye>,
}

impl<'a> Looker<'a> {
    pub(super) fn new(targets: Targets<'a>, addresses: Addresses<'a>, tolerates: &'a [String]) -> Self {
        let (seeds, last_summary) = (IndexMap::new(), String::new());
        Self {
            targets,
            addresses,
            tolerates,
            seeds,
            memory: Memory::default(),
            logs_since: None,
            undo: Vec::new(),
            load: None,
            is_refused: false,
            lines: IndexMap::new(),
            mirror: None,
            last_summary,
            cpu: cpu::Readings::default(),
            made_job: None,
            eye: tokio::sync::OnceCell::new(),
        }
    }

    /// Something happened: what watches knew before is old.
    pub(super) fn begin_anew(&mut self) {
        self.mirror = None;
        self.made_job = None;
        self.forget_pod();
    }

    /// One look.
    pub(super) async fn look(&mut self, check: &Check) -> Result<Seen, LookError> {
        match check {
            Check::Http(steps) => self.http(&steps.0).await,
            Check::Ws(ws) => self.ws(ws).await,
            Check::Postgres(postgres) => self.postgres(postgres).await,
            Check::Tcp(tcp) => self.tcp(tcp).await,
            Check::Dns(targets) => self.dns(targets).await,
            Check::Registry(registry) => self.registry(registry).await,
            Check::Ready(of) => self.ready(of).await,
            Check::Object(expected) => {
                let referred = judge::referred(expected);
                self.found(expected.0.iter().map(|(target, _)| target).chain(&referred)).await
            }
            Check::Restarts(expected) => self.pods(expected.iter().map(|(target, _)| target)).await,
            Check::Logs(logs) => self.logs(logs).await,
            Check::Usage(usage) => self.usage(usage).await,
            Check::Job(job) => self.job(job).await,
            Check::HelmTest(tests) => self.helm_test(tests).await,
            Check::Refuses(refusals) => self.refusals(refusals).await,
            Check::Leaves(_) => self.left().await,
            Check::Run(run) => self.run(run).await,
            Check::Metrics(metrics) => self.metrics(metrics).await,
            Check::Rbac(rbac) => self.rbac(rbac).await,
            Check::Rendered(_) | Check::Objects(_) | Check::Same(_) | Check::Holds(_) => {
                Err(error("this check is judged on the files, there is nothing to look at".to_owned()))
            }
        }
    }

    pub(super) async fn probe(
        &self,
        from: From,
        spec: &ProbeSpec,
        timeout: Duration,
    ) -> Result<ProbeOutcome, LookError> {
        let site = self.targets.site;
        let timeout = timeout.mul_f64(site.slow.max(1.0));
        match from {
            From::Here => Ok(seatrial_probes::probe(spec, timeout).await),
            From::Pod => {
                let prober = site.prober(self.targets.stage.namespace());
                prober.ask(spec, timeout).await.map_err(|failed| error(failed.to_string()))
            }
            From::Eye => {
                let eye = self.eye.get_or_try_init(|| self.open_eye()).await?;
                eye.ask(spec, timeout).await.map_err(|failed| error(failed.to_string()))
            }
        }
    }
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let fields = ["/status/initContainerStatuses", "/status/containerStatuses"].into_iter();
    fields.filter_map(|field| pod.pointer(field)?.as_array()).flatten()
}
