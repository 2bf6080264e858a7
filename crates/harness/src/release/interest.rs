//! Who still needs what is installed. Environments that share a namespace take turns, and a turn is dear: who wants
//! the other one lets everybody through first who is content with what is there.

use super::site::{ReleaseError, Site};
use super::stage::Stage;
use crate::step_file::open_lock;
use camino::Utf8PathBuf;
use seatrial_observation::{Look, Reason};
use seatrial_probes::wait::{self, Patience};
use std::fs::File;
use std::time::Duration;

/// How long others are let through.
const COURTESY: Duration = Duration::from_mins(3);

impl Site {
    /// Says that this stage is needed, for as long as the answer lives. Where another one is installed, waits until
    /// nobody needs that any more.
    pub(super) async fn interested(&self, stage: &Stage<'_>) -> Result<File, ReleaseError> {
        let ours = self.interest_file(&stage.key())?;
        // Shared among all who need it; it can only be held alone for a moment, by somebody who asks.
        let patience = Patience::steady(COURTESY, Duration::from_millis(10));
        let _ = wait::until(&patience, async || Ok::<_, String>(outcome(ours.try_lock_shared().is_ok()))).await;
        let holder = self.holder(stage)?;
        if !holder.key.is_empty() && holder.key != stage.key() {
            let theirs = self.interest_file(&holder.key)?;
            let patience = Patience::backoff(COURTESY, Duration::from_millis(20), Duration::from_millis(250));
            // Patience being over is no error: then it is taken from them, and they take it back.
            let _ = wait::until(&patience, async || Ok::<_, String>(outcome(theirs.try_lock().is_ok()))).await;
        }
        Ok(ours)
    }

    fn interest_file(&self, key: &str) -> Result<File, ReleaseError> {
        let path: Utf8PathBuf = self.dir.join("interest").join(format!("{key}.lock"));
        open_lock(&path).map_err(|source| ReleaseError::State { path, source })
    }
}

fn outcome(is_locked: bool) -> Look<()> {
    if is_locked { Look::Ready(()) } else { Look::Pending(Reason::new("others still need what is installed")) }
}
