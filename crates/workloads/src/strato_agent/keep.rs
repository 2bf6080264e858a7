//! Keeping connected: dial, talk, wait a little, dial again.

use super::backoff::Backoff;
use super::config::Config;
use super::dial::dial;
use super::fault::Fault;
use super::mode::Mode;
use super::status::Status;
use super::talk::{Ended, Talk};
use crate::log::{self, Level};
use serde_json::json;
use std::time::Duration;
use tokio::sync::watch;

/// The pause of an agent that is to be late.
const LATE: Duration = Duration::from_secs(20);

/// Keeps connected until it is told to leave.
pub(super) async fn keep(config: &Config, status: &Status, mode: Mode, mut leaving: watch::Receiver<bool>) {
    let mut backoff = Backoff::new(config.limits.pause);
    loop {
        let attempt = once(config, status, mode, &mut leaving);
        let (reason, is_proved) = match attempt.await {
            (Ended::Left, _) => return,
            (Ended::Lost(reason), is_proved) => (reason, is_proved),
        };
        if is_proved {
            backoff.reset();
        }
        let pause = if config.faults.has(Fault::ReconnectsLate) { LATE } else { backoff.next() };
        status.lost(&reason);
        let message = format!("not connected: {reason}");
        let fields = json!({ "message": message, "reason": reason, "retrySeconds": pause.as_secs_f64() });
        log::event(Level::Warn, "disconnected", &fields);
        let told = tokio::time::timeout(pause, leaving.wait_for(|is_leaving| *is_leaving));
        if told.await.is_ok() {
            return;
        }
        status.dials_again();
    }
}

/// One connection.
async fn once(config: &Config, status: &Status, mode: Mode, leaving: &mut watch::Receiver<bool>) -> (Ended, bool) {
    let dialled = tokio::select! {
        _ = leaving.wait_for(|is_leaving| *is_leaving) => return (Ended::Left, false),
        dialled = dial(config) => dialled,
    };
    match dialled {
        Ok(socket) => Talk::new(config, status, mode, socket).talk(leaving).await,
        Err(reason) => (Ended::Lost(reason), false),
    }
}
