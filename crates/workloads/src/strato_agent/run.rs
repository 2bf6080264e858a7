//! The program from its start to its end.

use super::config::Config;
use super::fault::Fault;
use super::keep::keep;
use super::mode::{Found, Mode, Places};
use super::status::{Status, router};
use crate::log::{self, Level};
use crate::serve::{EndSignals, serve_and_drain};
use crate::variables::{ConfigError, Variables};
use crate::{leak, reap};
use axum::Router;
use serde_json::json;
use std::net::Ipv4Addr;
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long leaving may take.
const LEAVE: Duration = Duration::from_secs(2);

/// Why the agent does not run.
#[derive(Debug, Error)]
pub enum RunError {
    /// Its environment.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// QEMU was asked for, and is missing.
    #[error("AGENT_MODE is `qemu`, but {0}")]
    NoQemu(String),
    /// Its port, or its signals.
    #[error("can't serve: {0}")]
    Serve(#[from] std::io::Error),
}

/// An agent at work.
#[derive(Debug)]
pub struct Agent {
    status: Status,
    leaving: watch::Sender<bool>,
    keeping: JoinHandle<()>,
}

impl Agent {
    /// Begins to dial.
    pub fn start(config: Config) -> Result<Self, RunError> {
        let found = mode(&config)?;
        let fields = json!({ "mode": found.mode.word(), "modeReason": found.reason });
        log::event(Level::Info, "mode", &fields);
        let status = Status::new(&config.id, &found);
        let (leaving, told) = watch::channel(false);
        let own = status.clone();
        let keeping = tokio::spawn(async move { keep(&config, &own, found.mode, told).await });
        Ok(Self { status, leaving, keeping })
    }

    /// What it tells of itself.
    pub fn router(&self) -> Router {
        router(self.status.clone())
    }

    /// Leaves: unregisters and closes.
    pub async fn leave(self) {
        self.leaving.send_replace(true);
        let _ = tokio::time::timeout(LEAVE, self.keeping).await;
    }
}

/// Runs the agent that the environment describes until it is told to end.
pub async fn run() -> Result<(), RunError> {
    let signals = EndSignals::catch()?;
    reap::start()?;
    let config = Config::of(&Variables::of_process())?;
    log::show_from(config.log_level);
    let port = config.status_port;
    let to = config.control_plane.to_string();
    log::event(Level::Info, "starting", &json!({ "agentId": config.id, "port": port, "controlPlane": to }));
    if !config.faults.words().is_empty() {
        log::event(Level::Warn, "faulty", &json!({ "faults": config.faults.words() }));
    }
    if config.faults.has(Fault::Leaks) {
        tokio::spawn(leak::leak(7_500_000, 150_000_000));
    }
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
    log::event(Level::Info, "listening", &json!({ "port": port }));
    let agent = Agent::start(config)?;
    Ok(serve_and_drain(listener, agent.router(), signals, async || agent.leave().await).await?)
}

fn mode(config: &Config) -> Result<Found, RunError> {
    if config.faults.has(Fault::FakeQemu) {
        return Ok(Found { mode: Mode::Qemu, reason: "a fault that was asked for".to_owned() });
    }
    Places::of_host(config.qemu.clone()).choose(config.wish).map_err(RunError::NoQemu)
}
