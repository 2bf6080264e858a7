//! The duty of a container's first process: whatever orphans are given to it, it takes their exit codes, so that no
//! zombie stays. The programs here start nothing themselves; debuggers that share a pod's processes do.

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// Reaps from now on, if this is the first process.
pub(crate) fn start() -> io::Result<()> {
    if std::process::id() == 1 {
        let mut ended = signal(SignalKind::child())?;
        tokio::spawn(async move {
            while ended.recv().await.is_some() {
                reap_all();
            }
        });
    }
    Ok(())
}

/// Takes the exit codes of all children that ended; says how many there were.
fn reap_all() -> usize {
    let ended = || match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        Ok(WaitStatus::StillAlive) | Err(_) => None,
        Ok(status) => Some(status),
    };
    std::iter::from_fn(ended).count()
}
