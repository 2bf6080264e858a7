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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    #[expect(clippy::disallowed_methods, reason = "this crate depends on nothing of ours, the spawner included")]
    fn no_zombie_stays() {
        let mut children = [1, 2].map(|_| std::process::Command::new("true").spawn().expect("it starts"));
        let began = Instant::now();
        let mut reaped = 0;
        while reaped < children.len() && began.elapsed() < Duration::from_secs(5) {
            reaped += reap_all();
        }
        assert_eq!((reaped, reap_all()), (2, 0));
        assert!(children.iter_mut().all(|child| child.wait().is_err()), "somebody else took them");
    }
}
