//! Named clusters: what `up` makes and leaves, and what only `down` removes.

use super::limits::{self, Limits};
use super::provider::{ProviderKind, Request};
use super::shared::{make, node_image, prober, start_guard};
use super::{Cluster, ClusterError, GuardCommand, engine::Engine};
use super::{kind, storage};
use crate::events::Events;
use crate::lease::{Held, Lease, Owner};
use crate::reaper::{self, Caution, ReapError};
use crate::run_id::RunId;
use crate::state;
use crate::tools::Tools;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::ClusterSpec;
use seatrial_observation::{Look, Reason};
use seatrial_probes::wait::{self, Patience};
use std::collections::BTreeMap;
use std::time::Duration;

/// Port of the host → node port.
pub type Publish = BTreeMap<u16, u16>;

/// The cluster that a contract's `cluster:` names; the one that is there if an earlier `up` made it. Its lease is an
/// ordinary one until [`keep_named`] is called: a killed `up` leaves nothing.
pub async fn named(
    spec: &ClusterSpec,
    publish: &Publish,
    tools: &Tools,
    guard: &GuardCommand,
    events: &Events,
) -> Result<Cluster, ClusterError> {
    let request = request(spec, publish, tools)?;
    if let Some(cluster) = earlier(&request).await? {
        return Ok(cluster);
    }
    kind::check_ports(&request).await?;
    let lease = lease(&request);
    lease.write()?;
    start_guard(&lease, guard)?;
    let cluster = make(ProviderKind::Kind, &request, events).await?;
    limits::set(&request.engine, &cluster.name, &cluster.nodes, Limits::of(spec.resources)).await?;
    if spec.host_storage {
        storage::keep_by_claim(&cluster).await?;
    }
    Ok(cluster)
}

/// Marks what `up` made as kept: from now on only `down` removes it.
pub fn keep_named(name: &str) -> Result<(), ClusterError> {
    if let Some(mut lease) = Lease::read(&lease_path(name))? {
        lease.is_kept = true;
        lease.write()?;
    }
    Ok(())
}

/// Removes what `up` made; `false` if there is none. A killed `down` leaves an ordinary lease, which is reaped.
pub async fn remove_named(name: &str, events: &Events) -> Result<bool, ReapError> {
    let Some(mut lease) = Lease::read(&lease_path(name))? else { return Ok(false) };
    lease.is_kept = false;
    lease.owner = Owner::this_process();
    lease.write()?;
    let _held = Held::try_lock(&lease.path())?;
    reaper::remove(&lease, Caution::AllEnded, events).await?;
    Ok(true)
}

fn lease_path(name: &str) -> Utf8PathBuf {
    state::leases_dir().join(format!("{name}.json"))
}

fn request(spec: &ClusterSpec, publish: &Publish, tools: &Tools) -> Result<Request, ClusterError> {
    let storage = spec.host_storage.then(|| state::storage_dir(&spec.name));
    if let Some(dir) = &storage {
        // The engine would make it, for everybody to read.
        state::make_private_dir(dir).map_err(ClusterError::state(dir))?;
    }
    Ok(Request {
        name: spec.name.clone(),
        dir: state::cluster_dir(&spec.name),
        context: None,
        ports: publish.iter().map(|(host, node)| (*node, Some(*host))).collect(),
        storage,
        node_image: node_image(tools),
        prober: prober(ProviderKind::Kind)?,
        engine: Engine::of(tools),
    })
}

fn lease(request: &Request) -> Lease {
    Lease {
        cluster: request.name.clone(),
        provider: ProviderKind::Kind,
        run: RunId::current().to_string(),
        home: state::home(),
        dirs: dirs(request),
        kubeconfig: request.dir.join("kubeconfig"),
        owner: Owner::this_process(),
        expires: None,
        is_kept: false,
        keep: Duration::ZERO,
        warm_until: None,
        engine: request.engine.clone(),
    }
}

/// `down` removes the folder of the cluster, and that of the run of `up`, unless nextest's processes share that one.
fn dirs(request: &Request) -> Vec<Utf8PathBuf> {
    let has_own_run = Owner::current() == Owner::this_process();
    let run_dir = has_own_run.then(|| state::run_dir(&RunId::current()));
    std::iter::once(request.dir.clone()).chain(run_dir).collect()
}

/// The cluster of this name that an earlier `up` left. One that is not ours is refused; what a dead `up` left is
/// removed first.
async fn earlier(request: &Request) -> Result<Option<Cluster>, ClusterError> {
    let is_ours = standing(&request.name, ProviderKind::Kind).await?.is_some();
    let is_there = !request.engine.nodes_of(&request.name).await?.is_empty();
    match (is_there, is_ours) {
        (true, false) => Err(ClusterError::Foreign { cluster: request.name.clone() }),
        (true, true) => kind::cluster(request).await.map(Some),
        // Somebody removed the node by hand.
        (false, _) => Ok(None),
    }
}

/// The lease of what an earlier `up` left under this name, in this mode. What a dead one left is removed first; what
/// lives, or stands in the other mode, is refused.
pub(crate) async fn standing(name: &str, provider: ProviderKind) -> Result<Option<Lease>, ClusterError> {
    let path = lease_path(name);
    until_dead_is_gone(&path).await?;
    match Lease::read(&path)? {
        None => Ok(None),
        Some(lease) if !lease.is_kept => Err(ClusterError::Busy { cluster: name.to_owned(), pid: lease.owner.pid }),
        Some(lease) if lease.provider == provider => Ok(Some(lease)),
        Some(lease) => Err(ClusterError::OtherMode { cluster: name.to_owned(), provider: lease.provider }),
    }
}

/// Takes down what a dead `up` left, or waits while its guard does.
async fn until_dead_is_gone(path: &Utf8Path) -> Result<(), ClusterError> {
    let patience = Patience::steady(Duration::from_mins(2), Duration::from_millis(100));
    let gone = wait::until(&patience, async || {
        let lease = Lease::read(path)?.filter(|lease| !lease.is_kept && !lease.owner.is_alive());
        match lease {
            None => Ok::<_, ReapError>(Look::Ready(())),
            Some(lease) => take_down(path, &lease).await,
        }
    });
    gone.await.map_err(|error| ClusterError::BringUp { message: error.to_string() })
}

async fn take_down(path: &Utf8Path, lease: &Lease) -> Result<Look<()>, ReapError> {
    let Some((lease, _held)) = Lease::hold_if_dead(path)? else {
        return Ok(Look::Pending(Reason::of(lease.cluster.as_str(), "its guard is taking it down")));
    };
    reaper::remove(&lease, Caution::SomeMayStillAct, &Events::none()).await?;
    Ok(Look::Ready(()))
}
