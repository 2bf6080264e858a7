//! A process group that dies when nobody waits for it any more.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Kills the group on drop, unless it was told that the group has ended.
pub(super) struct Group(Option<Pid>);

impl Group {
    /// Takes charge of the group that this child leads.
    pub(super) fn of(pid: Option<u32>) -> Self {
        Self(pid.and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw))
    }

    /// Kills all that is left of the group.
    pub(super) fn kill(&mut self) {
        if let Some(pid) = self.0.take() {
            // No such group: it has ended by itself, which is what is wanted.
            let _ = killpg(pid, Signal::SIGKILL);
        }
    }

    /// The leader has ended and was reaped: its number may be somebody else's soon.
    pub(super) fn release(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
