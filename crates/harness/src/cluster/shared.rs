//! The one cluster of a run: made by the process that needs it first, read by all others, guarded from before its
//! first container exists.

use super::adopt;
use super::existing::{self, Existing};
use super::kind::Kind;
use super::name::cluster_name;
use super::plain::Plain;
use super::provider::{ClusterProvider, ProviderKind, Request};
use super::{Cluster, ClusterError, GuardCommand, engine::Engine};
use crate::command::Cmd;
use crate::events::Events;
use crate::lease::{Lease, Owner, now};
use crate::reaper;
use crate::run_id::RunId;
use crate::state;
use crate::step_file;
use crate::tools::{self, Tools};
use futures::future::{Either, select};
use seatrial_contracts::model::Contexts;
use seatrial_observation::Event;
use std::collections::BTreeSet;
use std::pin::pin;
use std::time::{Duration, Instant};

/// The step under which a run's cluster is recorded.
const STEP: &str = "cluster";

/// How long the longest run may last. Other state directories know nothing else of ours.
const LONGEST_RUN: Duration = Duration::from_hours(4);

/// What cluster a run wants.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Where it comes from.
    pub provider: ProviderKind,
    /// The context of an existing cluster; `None` is the current one.
    pub context: Option<String>,
    /// The node ports of all contracts of the checkout, whatever charts were chosen.
    pub node_ports: BTreeSet<u16>,
    /// How long it stays after the run.
    pub keep: Option<Duration>,
    /// Which contexts of an existing cluster may be used.
    pub contexts: Contexts,
}

/// With what a cluster is made.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// The programs.
    pub tools: &'a Tools,
    /// What takes the cluster down when nobody is left to do so.
    pub guard: &'a GuardCommand,
    /// Who is told.
    pub events: &'a Events,
}

/// The shared cluster of this run.
pub async fn shared(run: &RunId, wanted: &Wanted, means: Means<'_>) -> Result<Cluster, ClusterError> {
    let dir = state::run_dir(run);
    let make = async || bring_up(run, wanted, means).await.map_err(|error| error.to_string());
    let is_current = |outcome: &Result<Cluster, String>| outcome.as_ref().is_err() || is_used(run, outcome);
    let outcome: Result<Cluster, String> = step_file::once_current(&dir, STEP, is_current, make).await?;
    outcome.map_err(|message| ClusterError::BringUp { message })
}

/// Whether a process of this run uses the cluster. The record of an earlier run of the same name may be there, and the
/// cluster too, kept warm: then it must be adopted before it is used.
fn is_used(run: &RunId, outcome: &Result<Cluster, String>) -> bool {
    let is_of = |lease: &Lease, name: &str| lease.cluster == name && lease.owner.is_alive();
    outcome.as_ref().is_ok_and(|cluster| shared_leases(run).any(|lease| is_of(&lease, &cluster.name)))
}

/// Takes the run's cluster down now, if this process owns it and nobody asked to keep it; its guard has nothing left
/// to do then.
pub async fn release(run: &RunId, events: &Events) -> Result<(), reaper::ReapError> {
    let me = Owner::this_process();
    for lease in shared_leases(run) {
        // Nextest's cluster is for the processes to come; nobody but its guard knows when they all have ended.
        if lease.owner == me && lease.keep.is_zero() {
            reaper::remove(&lease, reaper::Caution::AllEnded, events).await?;
        }
    }
    forget_run(run, &me)
}

/// The leases of a run's shared cluster; what its `up` makes is none.
fn shared_leases(run: &RunId) -> impl Iterator<Item = Lease> {
    let leases = crate::lease::leases().into_iter().flatten();
    leases.filter(move |lease| lease.run == run.as_str() && lease.is_shared())
}

/// Removes the folder of a run that has no cluster any more, and no process but this one.
fn forget_run(run: &RunId, me: &Owner) -> Result<(), reaper::ReapError> {
    let is_leased = crate::lease::leases().into_iter().flatten().any(|lease| lease.run == run.as_str());
    let is_shared = Owner::current() != *me;
    if is_leased || is_shared { Ok(()) } else { reaper::remove_dir(&state::run_dir(run)) }
}

async fn bring_up(run: &RunId, wanted: &Wanted, means: Means<'_>) -> Result<Cluster, ClusterError> {
    let Means { tools, guard, events } = means;
    let keep = wanted.keep.unwrap_or_default();
    let expires = now() + (LONGEST_RUN + keep).as_secs();
    let request = request(run, wanted, tools, expires)?;
    if wanted.provider != ProviderKind::Existing {
        // Nothing has to be taken down by an engine that was never there.
        request.engine.check().await?;
    }
    if wanted.provider == ProviderKind::Kind
        && let Some(cluster) = Box::pin(adopt::adopt(run, keep, &request, guard, events)).await
    {
        return Ok(cluster);
    }
    clear_earlier_try(run, events).await?;
    reaper::start_reaping(guard, events);
    let lease = lease(run, wanted, &request, expires);
    lease.write()?;
    start_guard(&lease, guard)?;
    let reaping = reaper::reap_expired_of_others(&request.engine, events);
    let cluster = beside(Box::pin(make(wanted.provider, &request, events)), reaping).await?;
    if !keep.is_zero() && wanted.provider == ProviderKind::Kind {
        adopt::remember(&cluster, &request).await?;
    }
    Ok(cluster)
}

/// The work's result. What is done beside it is worth no more time than the work itself takes.
async fn beside<T>(work: impl Future<Output = T>, aside: impl Future<Output = ()>) -> T {
    match select(pin!(work), pin!(aside)).await {
        Either::Left((done, _)) => done,
        Either::Right(((), work)) => work.await,
    }
}

/// A process that died while it made the cluster left a lease of this run.
async fn clear_earlier_try(run: &RunId, events: &Events) -> Result<(), ClusterError> {
    for lease in shared_leases(run) {
        let removed = reaper::remove_made(&lease, reaper::Caution::SomeMayStillAct, events).await;
        removed.map_err(|error| ClusterError::BringUp { message: error.to_string() })?;
        lease.forget()?;
    }
    Ok(())
}

fn request(run: &RunId, wanted: &Wanted, tools: &Tools, expires: u64) -> Result<Request, ClusterError> {
    let name = match wanted.provider {
        ProviderKind::Kind | ProviderKind::Docker => cluster_name(run, expires),
        ProviderKind::Existing => existing::name(wanted.context.as_deref(), &wanted.contexts)?,
    };
    Ok(Request {
        name,
        dir: state::run_dir(run),
        context: wanted.context.clone(),
        ports: wanted.node_ports.iter().map(|port| (*port, None)).collect(),
        storage: None,
        node_image: node_image(tools),
        prober: prober(wanted.provider)?,
        engine: Engine::of(tools),
    })
}

/// The node image: what `SEATRIAL_NODE_IMAGE` names (another version of Kubernetes), else what the set-up made, else
/// kind's own.
pub(super) fn node_image(tools: &Tools) -> Option<String> {
    std::env::var("SEATRIAL_NODE_IMAGE").ok().filter(|image| !image.is_empty()).or_else(|| tools.node_image())
}

/// The prober's image. An existing cluster has it, or pulls it, where a release asks for it.
pub(super) fn prober(provider: ProviderKind) -> Result<String, ClusterError> {
    let named = std::env::var("SEATRIAL_PROBER_IMAGE").ok().filter(|image| !image.is_empty());
    match (provider, named) {
        (ProviderKind::Existing | ProviderKind::Docker, _) => Ok(String::new()),
        (ProviderKind::Kind, Some(image)) => Ok(image),
        (ProviderKind::Kind, None) => Ok(tools::prober_image()?),
    }
}

fn lease(run: &RunId, wanted: &Wanted, request: &Request, expires: u64) -> Lease {
    Lease {
        cluster: request.name.clone(),
        provider: wanted.provider,
        run: run.to_string(),
        home: state::home(),
        dirs: vec![request.dir.clone()],
        kubeconfig: request.dir.join("kubeconfig"),
        owner: Owner::current(),
        expires: Some(expires),
        is_kept: false,
        keep: wanted.keep.unwrap_or_default(),
        warm_until: None,
        engine: request.engine.clone(),
    }
}

/// Starts what takes the cluster down when nobody is left to do so.
pub(crate) fn start_guard(lease: &Lease, guard: &GuardCommand) -> Result<(), ClusterError> {
    let Some((program, args)) = guard.0.split_first() else { return Ok(()) };
    let command = Cmd::new(program)
        .args(args)
        .arg(lease.path())
        // It must not be taken for a child of the run that it outlives.
        .env_remove(super::CHILD_MARK)
        .env_remove("KUBECONFIG");
    let started = command.spawn_detached(&lease.guard_log());
    started.map(drop).map_err(ClusterError::command(format!("starting the guard of cluster {}", lease.cluster)))
}

/// Makes the cluster and waits until it is ready, telling how long that took.
pub(super) async fn make(provider: ProviderKind, request: &Request, events: &Events) -> Result<Cluster, ClusterError> {
    let what = format!("cluster {}", request.name);
    events.emit(Event::Started { what: what.clone() });
    let started = Instant::now();
    let made = match provider {
        ProviderKind::Kind => make_by(&Kind, request, events).await,
        ProviderKind::Existing => make_by(&Existing, request, events).await,
        ProviderKind::Docker => make_by(&Plain, request, events).await,
    };
    let seconds = started.elapsed().as_secs_f64();
    events.emit(match &made {
        Ok(_) => Event::Finished { what, seconds },
        Err(error) => Event::Failed { what, message: error.to_string(), seconds },
    });
    made
}

async fn make_by(provider: &impl ClusterProvider, request: &Request, events: &Events) -> Result<Cluster, ClusterError> {
    let started = Instant::now();
    let step = |line: &str| {
        let line = format!("{line} after {:.1} s", started.elapsed().as_secs_f64());
        events.emit(Event::Progress { what: format!("cluster {}", request.name), line });
    };
    let cluster = provider.create(request, events).await?;
    step("made");
    provider.load(&cluster, request).await?;
    step("images loaded");
    provider.until_ready(&cluster, request).await?;
    step("ready");
    Ok(cluster)
}
