//! Takes down what dead runs left: their processes, containers, volumes, namespaces, kubeconfigs, folders, leases.
//! The network `kind`, the engine and everybody else's clusters are never touched.

mod containers;

use crate::bootstrap::{self, RecordError};
use crate::cluster::engine::{Engine, Node};
use crate::cluster::{ClusterError, GuardCommand, ProviderKind, RUN_LABEL, client_of, expiry_of, start_guard};
use crate::command::{Cmd, CommandError};
use crate::containers::ContainerError;
use crate::events::Events;
use crate::lease::{Held, Lease, LeaseError, children_of, lease_files, now, remove_file};
use crate::state;
use crate::tools::Tools;
use camino::{Utf8Path, Utf8PathBuf};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, ListParams};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use seatrial_observation::{Event, Look, Reason};
use seatrial_probes::wait::{self, Patience, WaitError};
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};
use thiserror::Error;

/// How long the engine must have shown nothing: it finishes the requests of killed clients.
const QUIET: Duration = Duration::from_secs(2);

/// How long taking down may last.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long an existing cluster has to answer at all.
const ANSWER: Duration = Duration::from_secs(10);

/// The age at which the folder of a run without a lease is taken for forgotten.
const FORGOTTEN: Duration = Duration::from_hours(24);

/// Why something could not be taken down (exit code 31).
#[derive(Debug, Error)]
pub enum ReapError {
    /// A lease can't be used.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The engine or the cluster refused.
    #[error("taking down {cluster}: {source}; its lease stays, and `seatrial reap` tries again")]
    Cluster {
        /// The cluster.
        cluster: String,
        /// Its answer.
        source: Box<ClusterError>,
    },
    /// The engine refused to remove a container.
    #[error("taking down {cluster}: {source}")]
    Container {
        /// What it belongs to.
        cluster: String,
        /// Its answer.
        source: Box<ContainerError>,
    },
    /// Something does not go away.
    #[error("{cluster} is still there: {source}; remove it with `kind delete cluster --name {cluster}`")]
    Remains {
        /// The cluster.
        cluster: String,
        /// What was seen last.
        source: Box<WaitError>,
    },
    /// An existing cluster does not answer: it may be stopped, so what the run left in it is not forgotten.
    #[error(
        "{cluster} does not answer ({source}), and namespaces of run {run} may be left in it; \
         reap again when it runs, or remove {lease} if it is gone for good"
    )]
    Silent {
        /// The cluster.
        cluster: String,
        /// The run.
        run: String,
        /// The lease that remembers it.
        lease: Utf8PathBuf,
        /// What came of asking.
        source: Box<WaitError>,
    },
    /// Some could be taken down and some not.
    #[error("{}", failed.join("; "))]
    Some {
        /// What was taken down.
        removed: Vec<String>,
        /// What was not, and why.
        failed: Vec<String>,
    },
    /// What `up` wrote down can't be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A file can't be removed.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// What a reaping found.
#[derive(Debug, Default, Serialize)]
pub struct Reaped {
    /// The clusters that were taken down.
    pub removed: Vec<String>,
}

impl std::fmt::Display for Reaped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.removed.as_slice() {
            [] => f.write_str("nothing was left to take down"),
            removed => write!(f, "took down {}", removed.join(", ")),
        }
    }
}

/// Whether requests of killed clients may still be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caution {
    /// Everything that acted for the run has ended by itself.
    AllEnded,
    /// Something may have been killed.
    SomeMayStillAct,
}

/// What is taken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// What nobody uses and nobody is to.
    Dead,
    /// Also what waits for the next run.
    AlsoWarm,
}

/// Takes down all that is dead: leases of this state directory whose owner and guard are gone, and expired `st-…`
/// clusters of others.
pub async fn reap(tools: &Tools, which: Which, events: &Events) -> Result<Reaped, ReapError> {
    let (mut removed, mut failed) = (Vec::new(), Vec::new());
    for path in lease_files(&state::leases_dir()) {
        match reap_lease(&path, which, events).await {
            Ok(cluster) => removed.extend(cluster),
            Err(error) => failed.push(error.to_string()),
        }
    }
    for (cluster, end) in reap_expired(&Engine::of(tools)).await {
        match end {
            Ok(()) => removed.push(cluster),
            Err(error) => failed.push(error.to_string()),
        }
    }
    removed.extend(containers::reap_expired(&Engine::of(tools), now()).await);
    forget_old_runs();
    if failed.is_empty() { Ok(Reaped { removed }) } else { Err(ReapError::Some { removed, failed }) }
}

/// Has whatever is dead in this state directory taken down by a guard of its own: nobody waits for it, and it goes on
/// when this process has ended. Tells of each.
pub fn start_reaping(guard: &GuardCommand, events: &Events) {
    for path in lease_files(&state::leases_dir()) {
        // What is wrong with a lease is told by `list` and `reap`.
        if let Ok(Some((lease, held))) = Lease::hold_if_dead(&path)
            && let Err(error) = hand_over(lease, held, guard, events)
        {
            events.warn(error.to_string());
        }
    }
}

fn hand_over(lease: Lease, held: Held, guard: &GuardCommand, events: &Events) -> Result<(), ClusterError> {
    // What was left by a killed run is of no use to anybody.
    let lease = Lease { keep: Duration::ZERO, warm_until: None, ..lease };
    lease.write()?;
    drop(held);
    start_guard(&lease, guard)?;
    events.warn(format!("{} was left by run {}, which is dead; it is being taken down", lease.cluster, lease.run));
    Ok(())
}

/// Takes down the expired clusters of other state directories, and tells of each.
pub(crate) async fn reap_expired_of_others(engine: &Engine, events: &Events) {
    for (cluster, end) in reap_expired(engine).await {
        events.warn(match end {
            Ok(()) => format!("{cluster} had expired and was taken down"),
            Err(error) => error.to_string(),
        });
    }
}

async fn reap_lease(path: &Utf8Path, which: Which, events: &Events) -> Result<Option<String>, ReapError> {
    let mut found = Lease::hold_if_dead(path)?;
    if found.is_none() && which == Which::AlsoWarm {
        found = Lease::hold_if_warm(path)?;
    }
    let Some((lease, _held)) = found else { return Ok(None) };
    remove(&lease, Caution::SomeMayStillAct, events).await?;
    Ok(Some(lease.cluster))
}

/// Clusters whose lease lies in another state directory, or nowhere, are judged by the expiry in their name alone.
async fn reap_expired(engine: &Engine) -> Vec<(String, Result<(), ReapError>)> {
    // Without an engine there are no clusters of others to look for.
    let nodes = engine.nodes().await.unwrap_or_default();
    let mut ends = Vec::new();
    for cluster in expired(&nodes, now()) {
        if !state::leases_dir().join(format!("{cluster}.json")).exists() {
            let end = remove_containers(engine, &cluster, None, Caution::AllEnded).await;
            ends.push((cluster, end));
        }
    }
    ends
}

fn expired(nodes: &[Node], now: u64) -> BTreeSet<String> {
    let is_expired = |name: &&String| expiry_of(name).is_some_and(|expires| expires < now);
    nodes.iter().map(|node| &node.cluster).filter(is_expired).cloned().collect()
}

/// Takes down what a lease is about, its folder, and the lease last. May be repeated.
pub(crate) async fn remove(lease: &Lease, caution: Caution, events: &Events) -> Result<(), ReapError> {
    remove_made(lease, caution, events).await?;
    if !lease.is_shared() {
        bootstrap::forget_standing(&lease.cluster)?;
    }
    lease.dirs.iter().try_for_each(|dir| remove_dir(dir))?;
    Ok(lease.forget()?)
}

/// Takes down what a lease is about, and keeps its folder.
pub(crate) async fn remove_made(lease: &Lease, caution: Caution, events: &Events) -> Result<(), ReapError> {
    let what = format!("teardown of {}", lease.cluster);
    events.emit(Event::Started { what: what.clone() });
    let started = Instant::now();
    kill_children(lease);
    match lease.provider {
        ProviderKind::Kind => {
            remove_containers(&lease.engine, &lease.cluster, Some(&lease.kubeconfig), caution).await?;
            remove_dir(&lease.home.join("locks").join(&lease.cluster))?;
        }
        ProviderKind::Existing => remove_labelled(lease).await?,
        ProviderKind::Docker => {}
    }
    containers::remove_of(lease, caution).await?;
    remove_file(&lease.kubeconfig).map_err(|source| ReapError::File { path: lease.kubeconfig.clone(), source })?;
    events.emit(Event::Finished { what, seconds: started.elapsed().as_secs_f64() });
    Ok(())
}

/// Kills processes that were started for a cluster and outlived their run: each leads a group of its own.
fn kill_children(lease: &Lease) {
    for pid in children_of(lease) {
        // It may have ended meanwhile, which is what is wanted.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

/// Removes the node containers and their volumes, and looks until the engine has shown nothing for a while.
async fn remove_containers(
    engine: &Engine,
    cluster: &str,
    kubeconfig: Option<&Utf8Path>,
    caution: Caution,
) -> Result<(), ReapError> {
    // An engine that does not run is not waited for.
    let refused = |source| ReapError::Cluster { cluster: cluster.to_owned(), source: Box::new(source) };
    engine.nodes().await.map_err(refused)?;
    let mut volumes = BTreeSet::new();
    let mut quiet_since = None;
    let needed = if caution == Caution::AllEnded { Duration::ZERO } else { QUIET };
    let patience = Patience::steady(PATIENCE, Duration::from_millis(100));
    let gone = wait::until(&patience, async || {
        let nodes = engine.nodes_of(cluster).await?;
        if nodes.is_empty() {
            let since = *quiet_since.get_or_insert_with(Instant::now);
            let is_quiet = since.elapsed() >= needed;
            return Ok(if is_quiet { Look::Ready(()) } else { Look::Pending(Reason::new("it is gone just now")) });
        }
        quiet_since = None;
        for node in &nodes {
            volumes.extend(engine.volumes_of(node).await);
        }
        delete(engine, cluster, kubeconfig, &nodes).await;
        Ok::<_, ClusterError>(Look::Pending(Reason::new(format!("container {}", nodes.join(", ")))))
    });
    gone.await.map_err(|source| ReapError::Remains { cluster: cluster.to_owned(), source: Box::new(source) })?;
    remove_volumes(engine, &volumes).await;
    Ok(())
}

/// One try; whether it worked is seen at the next look.
async fn delete(engine: &Engine, cluster: &str, kubeconfig: Option<&Utf8Path>, nodes: &[String]) {
    let scratch = std::env::temp_dir().join(format!("seatrial-{}-no-kubeconfig", std::process::id()));
    let kubeconfig = kubeconfig.map_or_else(|| scratch.to_string_lossy().into_owned(), ToString::to_string);
    let by_kind: Cmd = engine
        .kind(["delete", "cluster", "--name", cluster, "--kubeconfig", &kubeconfig])
        .env("KUBECONFIG", &kubeconfig)
        .timeout(Duration::from_mins(1));
    let deleted: Result<_, CommandError> = by_kind.run_ok().await;
    if deleted.is_err() {
        let nodes = nodes.iter().map(String::as_str);
        let _ = engine.docker(["rm", "--force", "--volumes"].into_iter().chain(nodes)).run().await;
    }
}

/// The volumes go with their containers, unless the engine was interrupted in between.
async fn remove_volumes(engine: &Engine, volumes: &BTreeSet<String>) {
    if !volumes.is_empty() {
        let volumes = volumes.iter().map(String::as_str);
        let _ = engine.docker(["volume", "rm", "--force"].into_iter().chain(volumes)).run().await;
    }
}

/// Removes the namespaces of a run, and the CRDs that it made for needs, from a cluster that stays. One that does not
/// answer is not waited for.
async fn remove_labelled(lease: &Lease) -> Result<(), ReapError> {
    if !lease.kubeconfig.exists() {
        return Ok(());
    }
    let refused = |source| ReapError::Cluster { cluster: lease.cluster.clone(), source: Box::new(source) };
    let client = client_of(&lease.kubeconfig, None).await.map_err(refused)?;
    let api: Api<Namespace> = Api::all(client.clone());
    let ours = ListParams::default().labels(&format!("{RUN_LABEL}={}", lease.run));
    let patience = Patience::steady(ANSWER, Duration::from_millis(250));
    let answer = wait::until(&patience, async || api.list(&ours).await.map(|_| Look::Ready(()))).await;
    answer.map_err(|source| silent(lease, source))?;
    until_none_is_left(lease, &api, &ours, "namespace").await?;
    let crds: Api<CustomResourceDefinition> = Api::all(client);
    match crds.list(&ours).await {
        // Who may not look for them has made none.
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(()),
        _ => until_none_is_left(lease, &crds, &ours, "CRD").await,
    }
}

/// Deletes what is listed until nothing is.
async fn until_none_is_left<K>(lease: &Lease, api: &Api<K>, ours: &ListParams, what: &str) -> Result<(), ReapError>
where
    K: Clone + std::fmt::Debug + kube::Resource + serde::de::DeserializeOwned,
{
    let patience = Patience::steady(PATIENCE, Duration::from_millis(250));
    let gone = wait::until(&patience, async || {
        let left = api.list(ours).await?.items;
        for one in left.iter().filter(|one| one.meta().deletion_timestamp.is_none()) {
            api.delete(one.meta().name.as_deref().unwrap_or_default(), &DeleteParams::default()).await?;
        }
        let names: Vec<_> = left.iter().filter_map(|one| one.meta().name.clone()).collect();
        let reason = || Reason::new(format!("{what} {}", names.join(", ")));
        Ok::<_, kube::Error>(if names.is_empty() { Look::Ready(()) } else { Look::Pending(reason()) })
    });
    gone.await.map_err(|source| ReapError::Remains { cluster: lease.cluster.clone(), source: Box::new(source) })
}

fn silent(lease: &Lease, source: WaitError) -> ReapError {
    let (cluster, run) = (lease.cluster.clone(), lease.run.clone());
    ReapError::Silent { cluster, run, lease: lease.path(), source: Box::new(source) }
}

pub(crate) fn remove_dir(dir: &Utf8Path) -> Result<(), ReapError> {
    match std::fs::remove_dir_all(dir) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(ReapError::File { path: dir.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Folders of runs that never had a cluster, or lost it otherwise.
fn forget_old_runs() {
    let runs = state::home().join("runs");
    let leased: BTreeSet<_> = crate::lease::leases().into_iter().flatten().flat_map(|lease| lease.dirs).collect();
    for entry in runs.read_dir_utf8().into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|seen| seen.modified()).ok().and_then(age_of);
        if !leased.contains(entry.path()) && age.is_some_and(|age| age > FORGOTTEN) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn age_of(modified: SystemTime) -> Option<Duration> {
    SystemTime::now().duration_since(modified).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_expired_clusters_of_ours_are_taken() {
        let node = |cluster: &str| Node { name: format!("{cluster}-control-plane"), cluster: cluster.into() };
        let nodes = ["st-abcd1234-top2v4", "st-abcd1234-zzzzzz", "pallet-dev", "st-hand", "kind"].map(node);
        assert_eq!(expired(&nodes, 1_795_000_001), BTreeSet::from(["st-abcd1234-top2v4".to_owned()]));
        assert_eq!(expired(&nodes, 1_795_000_000), BTreeSet::new());
    }
}
