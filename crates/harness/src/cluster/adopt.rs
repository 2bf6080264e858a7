//! Using a warm cluster again: what an earlier run kept (`--keep`) is taken over by the next one, if it is what that
//! one would make itself (the fingerprint) and still the same cluster (the UID of `kube-system`). The lease's lock sees
//! to it that one run adopts and that no guard takes it down meanwhile.

use super::kind::Kind;
use super::provider::{ClusterProvider, Request};
use super::shared::start_guard;
use super::{Cluster, ClusterError, GuardCommand, RUN_LABEL, kind};
use crate::containers::{self, ContainerError};
use crate::events::Events;
use crate::lease::{Lease, LeaseError, Owner, lease_files, now};
use crate::run_id::RunId;
use crate::{release, state};
use camino::{Utf8Path, Utf8PathBuf};
use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt;
use kube::api::{Api, ListParams, Patch, PatchParams};
use seatrial_observation::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::{Duration, Instant};
use thiserror::Error;

/// How long it must last beyond what is asked for: others judge it by the expiry in its name alone.
const SHORTEST: Duration = Duration::from_hours(1);

/// How long a warm cluster has to prove that it can be used; a new one takes as long.
const ANSWER: Duration = Duration::from_secs(15);

/// A cluster as it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    fingerprint: String,
    identity: Identity,
    cluster: Cluster,
}

/// What a cluster says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    /// The version of its API server.
    version: String,
    /// The UID of `kube-system`: another cluster behind the same kubeconfig has another one.
    system_uid: String,
}

/// Why a warm cluster is not used: the run makes its own.
#[derive(Debug, Error)]
enum Unfit {
    #[error("it expires too soon")]
    Expires,
    #[error("it was never finished")]
    Unfinished,
    #[error("it was made from other settings or another node image")]
    Differs,
    #[error("another cluster answers in its place ({found:?} instead of {made:?})")]
    Replaced { made: Identity, found: Identity },
    #[error("it does not answer within {} s", ANSWER.as_secs())]
    Silent,
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    Api(#[from] kube::Error),
    #[error(transparent)]
    Container(#[from] ContainerError),
    #[error(transparent)]
    Lease(#[from] LeaseError),
    #[error("{path}: {source}")]
    Io { path: Utf8PathBuf, source: std::io::Error },
}

/// Writes down what a later run must know to use a cluster that is to be kept.
pub(super) async fn remember(cluster: &Cluster, request: &Request) -> Result<(), ClusterError> {
    let identity = identity(cluster).await.map_err(|source| ClusterError::Api {
        cluster: cluster.name.clone(),
        doing: "asking who it is",
        source: Box::new(source),
    })?;
    let made = Made { fingerprint: kind::fingerprint(request).await?, identity, cluster: cluster.clone() };
    let path = record(&cluster.kubeconfig);
    state::write_private(&path, &serde_json::to_vec_pretty(&made).unwrap_or_default())
        .map_err(ClusterError::state(path))
}

fn record(kubeconfig: &Utf8Path) -> Utf8PathBuf {
    kubeconfig.with_file_name("made.json")
}

/// A warm cluster for this run, which owns its lease from now on.
pub(super) async fn adopt(
    run: &RunId,
    keep: Duration,
    request: &Request,
    guard: &GuardCommand,
    events: &Events,
) -> Option<Cluster> {
    for path in lease_files(&state::leases_dir()) {
        let Ok(Some((lease, _held))) = Lease::hold_if_warm(&path) else { continue };
        let started = Instant::now();
        let what = format!("cluster {}, warm from run {}", lease.cluster, lease.run);
        match take(run, keep, &lease, request, guard).await {
            Ok(cluster) => {
                events.emit(Event::Finished { what, seconds: started.elapsed().as_secs_f64() });
                return Some(cluster);
            }
            Err(unfit) => events.warn(format!("{what}, is not used: {unfit}")),
        }
    }
    None
}

async fn take(
    run: &RunId,
    keep: Duration,
    lease: &Lease,
    request: &Request,
    guard: &GuardCommand,
) -> Result<Cluster, Unfit> {
    let adopted = adopted(run, keep, lease, Owner::current());
    if !lasts(&adopted, now()) {
        return Err(Unfit::Expires);
    }
    let usable = tokio::time::timeout(ANSWER, usable(lease, request)).await;
    let cluster = usable.map_err(|_| Unfit::Silent)??;
    relabel(&cluster, run).await?;
    // What ran beside its releases; this run starts its own.
    containers::remove_labelled(&request.engine, &containers::of_run(&lease.run)).await?;
    inherit(lease, &adopted)?;
    let adopted = Lease { engine: request.engine.clone(), ..adopted };
    adopted.write()?;
    start_guard(&adopted, guard)?;
    Ok(cluster)
}

/// The lease in the hands of the run that adopts. What was promised to the one before stays: it is kept as long again.
fn adopted(run: &RunId, keep: Duration, lease: &Lease, owner: Owner) -> Lease {
    let home = lease.kubeconfig.parent().map(Utf8Path::to_owned);
    let mut dirs: Vec<Utf8PathBuf> = home.into_iter().collect();
    let own = lease.home.join("runs").join(run.as_str());
    if !dirs.contains(&own) {
        dirs.push(own);
    }
    Lease { run: run.to_string(), owner, dirs, keep: keep.max(lease.keep), warm_until: None, ..lease.clone() }
}

fn lasts(lease: &Lease, now: u64) -> bool {
    lease.expires.is_some_and(|expires| expires >= now + (SHORTEST + lease.keep).as_secs())
}

/// The cluster, if it is what the request would make, still the one that was made, and ready with the prober of today.
async fn usable(lease: &Lease, request: &Request) -> Result<Cluster, Unfit> {
    let bytes = std::fs::read(record(&lease.kubeconfig)).map_err(|_| Unfit::Unfinished)?;
    let made: Made = serde_json::from_slice(&bytes).map_err(|_| Unfit::Unfinished)?;
    if made.fingerprint != kind::fingerprint(request).await? {
        return Err(Unfit::Differs);
    }
    let found = identity(&made.cluster).await?;
    if found != made.identity {
        return Err(Unfit::Replaced { made: made.identity, found });
    }
    Kind.load(&made.cluster, request).await?;
    Kind.until_ready(&made.cluster, request).await?;
    Ok(made.cluster)
}

async fn identity(cluster: &Cluster) -> Result<Identity, kube::Error> {
    let client = cluster.client().await.map_err(|error| kube::Error::Service(Box::new(error)))?;
    let version = client.apiserver_version().await?.git_version;
    let system = Api::<Namespace>::all(client).get("kube-system").await?;
    Ok(Identity { version, system_uid: system.uid().unwrap_or_default() })
}

/// The namespaces of the earlier run are this one's: it knows what is in them.
async fn relabel(cluster: &Cluster, run: &RunId) -> Result<(), Unfit> {
    let api: Api<Namespace> = Api::all(cluster.client().await?);
    let others = ListParams::default().labels(&format!("{RUN_LABEL},{RUN_LABEL}!=system,{RUN_LABEL}!={run}"));
    let patch = json!({ "metadata": { "labels": { RUN_LABEL: run.as_str() } } });
    for namespace in api.list(&others).await? {
        api.patch(&namespace.name_any(), &PatchParams::default(), &Patch::Merge(&patch)).await?;
    }
    Ok(())
}

/// What is installed is known from the earlier run; what it saw is not: this run looks itself.
fn inherit(from: &Lease, to: &Lease) -> Result<(), Unfit> {
    let work = |lease: &Lease| lease.home.join("runs").join(&lease.run).join("work").join(&lease.cluster);
    let io = |path: &Utf8Path| {
        let path = path.to_owned();
        move |source| Unfit::Io { path, source }
    };
    release::inherit(&work(from), &work(to)).map_err(io(&work(to)))?;
    for left in from.dirs.iter().filter(|dir| !to.dirs.contains(dir)) {
        remove_dir(left).map_err(io(left))?;
    }
    Ok(())
}

fn remove_dir(dir: &Utf8Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::tests::lease;

    fn adopted_by(run: &str, keep: u64, from: &Lease) -> Lease {
        adopted(&RunId::of(run), Duration::from_mins(keep), from, Owner::this_process())
    }

    fn warm() -> Lease {
        let home = Utf8Path::new("/home");
        Lease { keep: Duration::from_mins(30), warm_until: Some(1), ..lease(home, Owner::this_process()) }
    }

    #[test]
    fn the_lease_becomes_the_adopters() {
        let adopted = adopted_by("second00", 0, &warm());
        assert_eq!((adopted.run.as_str(), adopted.warm_until), ("second00", None));
        assert_eq!(adopted.cluster, warm().cluster);
        assert_eq!(adopted.dirs, ["/home/runs/abcd1234", "/home/runs/second00"], "the kubeconfig stays where it is");
        assert_eq!(adopted.keep, Duration::from_mins(30), "it was promised");
        let third = adopted_by("third000", 60, &adopted);
        assert_eq!(third.dirs, ["/home/runs/abcd1234", "/home/runs/third000"]);
        assert_eq!(third.keep, Duration::from_hours(1));
        assert_eq!(adopted_by("abcd1234", 0, &third).dirs, ["/home/runs/abcd1234"]);
    }

    #[test]
    fn what_others_would_reap_during_the_run_is_not_used() {
        let expires = warm().expires.expect("an expiry");
        assert!(lasts(&warm(), expires - 90 * 60));
        assert!(!lasts(&warm(), expires - 90 * 60 + 1));
        assert!(!lasts(&Lease { expires: None, ..warm() }, 0), "what `up` made is nobody's");
    }
}
