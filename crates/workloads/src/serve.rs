//! Serving as a container's first process: until SIGTERM or SIGINT, then what is under way is finished, for a while.

use crate::log::{self, Level};
use axum::Router;
use serde_json::json;
use std::io;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long requests that are under way may take after the signal.
const GRACE: Duration = Duration::from_secs(2);

/// The signals that end a program. As a container's first process it would not be ended by one that it does not catch,
/// so they are caught before anything else is done.
#[derive(Debug)]
pub struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl EndSignals {
    /// Catches them from now on.
    pub fn catch() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next of them; says which it was.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Serves until a signal comes, and ends well then.
pub async fn serve(listener: TcpListener, app: Router, signals: EndSignals) -> io::Result<()> {
    serve_and_drain(listener, app, signals, async || ()).await
}

/// The same; between the signal and the end it serves as long as `drain` takes.
pub(crate) async fn serve_and_drain(
    listener: TcpListener,
    app: Router,
    mut signals: EndSignals,
    drain: impl AsyncFnOnce(),
) -> io::Result<()> {
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
        let _ = ended.await;
    });
    let mut serving = tokio::spawn(serving.into_future());
    let signal = tokio::select! {
        served = &mut serving => return served?,
        signal = signals.next() => signal,
    };
    log::event(Level::Info, "stopping", &json!({ "signal": signal }));
    drain().await;
    drop(end);
    let is_finished = tokio::time::timeout(GRACE, serving).await.is_ok();
    log::event(Level::Info, "stopped", &json!({ "isFinished": is_finished }));
    Ok(())
}
