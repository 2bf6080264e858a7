//! The guard: a process in a session of its own that takes a run's cluster down when its owner has ended, however
//! it ended. It is what the hidden verb `guard` runs.

use crate::events::Events;
use crate::lease::{Held, Lease, LeaseError, now};
use crate::reaper::{self, Caution, ReapError};
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_observation::{Look, Reason};
use seatrial_probes::wait::{self, Patience};
use std::time::Duration;
use thiserror::Error;

/// How long a guard waits for the lock of its lease: as long as a reaping may last.
const LOCK_PATIENCE: Duration = Duration::from_mins(5);

/// Why a guard could not do its work.
#[derive(Debug, Error)]
pub enum GuardError {
    /// The lease can't be used.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The owner can't be watched.
    #[error("watching the owner of {lease}: {source}")]
    Watch {
        /// The lease.
        lease: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The cluster could not be taken down; its lease stays for the next `reap`.
    #[error(transparent)]
    Reap(#[from] ReapError),
}

/// Holds the lease while its owner lives, then takes the cluster down, or keeps it warm for the time that was asked.
pub async fn guard(path: &Utf8Path) -> Result<(), GuardError> {
    let Some(held) = hold(path).await? else { return Ok(()) };
    let Some(lease) = Lease::read(path)? else { return Ok(()) };
    watch(path, &lease).await?;
    let Some(lease) = still_ours(path, &held)? else { return Ok(()) };
    let Some((lease, _held)) = keep_warm(lease, held).await? else { return Ok(()) };
    Ok(reaper::remove(&lease, Caution::SomeMayStillAct, &Events::none()).await?)
}

/// The lock of the lease; `None` if there is nothing to guard any more.
async fn hold(path: &Utf8Path) -> Result<Option<Held>, LeaseError> {
    let patience = Patience::steady(LOCK_PATIENCE, Duration::from_millis(50));
    let held = wait::until(&patience, async || match Held::try_lock(path)? {
        Some(held) => Ok::<_, LeaseError>(Look::Ready(Some(held))),
        None if !path.exists() => Ok(Look::Ready(None)),
        None => Ok(Look::Pending(Reason::new("another process holds it"))),
    });
    // Whoever holds it for so long is the one who takes it down.
    Ok(held.await.unwrap_or(None))
}

/// Returns when the owner has ended. The file descriptor of a process can only be waited for by blocking.
async fn watch(path: &Utf8Path, lease: &Lease) -> Result<(), GuardError> {
    let owner = lease.owner.clone();
    let failed = |source| GuardError::Watch { lease: path.to_owned(), source };
    let watched = tokio::task::spawn_blocking(move || owner.until_gone()).await;
    watched.map_err(|error| failed(std::io::Error::other(error)))?.map_err(failed)
}

/// The lease as it is now, unless somebody removed it, took it over, or it is kept.
fn still_ours(path: &Utf8Path, held: &Held) -> Result<Option<Lease>, LeaseError> {
    if !held.is_current() {
        return Ok(None);
    }
    Ok(Lease::read(path)?.filter(|lease| !lease.is_kept))
}

/// Waits as long as the run asked for; `None` if another run took it over meanwhile. While it is warm nobody holds it:
/// who wants to use it locks it, sees that it fits, and writes it anew.
async fn keep_warm(lease: Lease, held: Held) -> Result<Option<(Lease, Held)>, LeaseError> {
    if lease.keep.is_zero() {
        return Ok(Some((lease, held)));
    }
    let path = lease.path();
    let warm = Lease { warm_until: Some(now() + lease.keep.as_secs()), ..lease };
    warm.write()?;
    drop(held);
    let patience = Patience::steady(warm.keep + LOCK_PATIENCE, Duration::from_secs(1));
    let over = wait::until(&patience, async || {
        if Lease::read(&path)?.as_ref() != Some(&warm) {
            return Ok(Look::Ready(None));
        }
        let over = Lease::hold_if_dead(&path)?;
        Ok::<_, LeaseError>(
            over.map_or_else(|| Look::Pending(Reason::new("kept warm")), |over| Look::Ready(Some(over))),
        )
    });
    Ok(over.await.unwrap_or(None))
}
