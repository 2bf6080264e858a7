//! Plain containers: those of a dead run, those that `up` made, and expired ones of other state directories.

use super::{Caution, PATIENCE, QUIET, ReapError};
use crate::cluster::ProviderKind;
use crate::cluster::engine::Engine;
use crate::containers::{self, ContainerError, EXPIRES, of_run, of_up};
use crate::lease::{Lease, leases};
use seatrial_observation::{Look, Reason};
use seatrial_probes::wait::{self, Patience};
use std::time::{Duration, Instant};

/// Removes the containers that belong to a lease: by its run, or by the name of what `up` made.
pub(super) async fn remove_of(lease: &Lease, caution: Caution) -> Result<(), ReapError> {
    let label = if lease.is_shared() { of_run(&lease.run) } else { of_up(&lease.cluster) };
    let removed = match lease.provider {
        ProviderKind::Docker => match until_quiet(&lease.engine, &label, caution).await {
            Ok(()) => containers::remove_network_of_up(&lease.engine, &lease.cluster).await,
            failed => failed,
        },
        _ => containers::remove_labelled(&lease.engine, &label).await.map(drop),
    };
    match removed {
        // Whoever uses an existing cluster may have no engine at all.
        Err(_) if lease.provider == ProviderKind::Existing => Ok(()),
        removed => removed.map_err(|source| refused(&lease.cluster, source)),
    }
}

fn refused(cluster: &str, source: ContainerError) -> ReapError {
    ReapError::Container { cluster: cluster.to_owned(), source: Box::new(source) }
}

/// Removes until the engine has shown nothing for a while: it finishes the requests of killed clients.
async fn until_quiet(engine: &Engine, label: &str, caution: Caution) -> Result<(), ContainerError> {
    let needed = if caution == Caution::AllEnded { Duration::ZERO } else { QUIET };
    let mut quiet_since = None;
    let patience = Patience::steady(PATIENCE, Duration::from_millis(100));
    let gone = wait::until(&patience, async || {
        let removed = containers::remove_labelled(engine, label).await?;
        if !removed.is_empty() {
            quiet_since = None;
            return Ok(Look::Pending(Reason::new(format!("container {}", removed.join(", ")))));
        }
        let since = *quiet_since.get_or_insert_with(Instant::now);
        let is_quiet = since.elapsed() >= needed;
        Ok::<_, ContainerError>(if is_quiet { Look::Ready(()) } else { Look::Pending(Reason::new("gone just now")) })
    });
    gone.await.map_err(|remains| ContainerError::Engine { name: label.to_owned(), message: remains.to_string() })
}

/// Containers of runs that no lease of ours knows and whose time is over; the names of those that were removed.
pub(super) async fn reap_expired(engine: &Engine, now: u64) -> Vec<String> {
    let known: Vec<String> = leases().into_iter().flatten().map(|lease| lease.run).collect();
    let mut removed = Vec::new();
    // Without an engine there are none.
    for name in containers::labelled(engine, EXPIRES).await.unwrap_or_default() {
        let Ok(Some(container)) = containers::inspect_by(engine, &name).await else { continue };
        let expires = container.labels.get(EXPIRES).and_then(|text| text.parse::<u64>().ok());
        let is_known = container.run().is_some_and(|run| known.iter().any(|of_lease| of_lease == run));
        let is_over = expires.is_some_and(|expires| expires < now) && !is_known;
        if is_over && containers::delete(engine, &name).await.is_ok() {
            removed.push(name);
        }
    }
    removed
}
