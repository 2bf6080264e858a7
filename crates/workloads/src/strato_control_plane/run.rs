//! The program from its start to its end.

use super::config::Config;
use super::fault::Fault;
use super::health::BUILD;
use super::plane::ControlPlane;
use crate::log::{self, Level};
use crate::serve::{EndSignals, serve_and_drain};
use crate::variables::{ConfigError, Variables};
use crate::{leak, reap};
use serde_json::json;
use std::net::Ipv4Addr;
use thiserror::Error;
use tokio::net::TcpListener;

/// Why the control plane does not run.
#[derive(Debug, Error)]
pub enum RunError {
    /// Its environment.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its port, or its signals.
    #[error("can't serve: {0}")]
    Serve(#[from] std::io::Error),
}

/// Runs the control plane that the environment describes until it is told to end.
pub async fn run() -> Result<(), RunError> {
    let signals = EndSignals::catch()?;
    reap::start()?;
    let config = Config::of(&Variables::of_process())?;
    log::show_from(config.log_level);
    log::event(Level::Info, "starting", &json!({ "port": config.port, "permify": config.permify }));
    misbehave(&config);
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, config.port)).await?;
    let plane = ControlPlane::start(config);
    log::event(Level::Info, "listening", &json!({ "port": plane.config.port, "build": *BUILD }));
    Ok(serve_and_drain(listener, plane.router(), signals, async || plane.stop().await).await?)
}

fn misbehave(config: &Config) {
    let faults = &config.faults;
    if !faults.words().is_empty() {
        log::event(Level::Warn, "faulty", &json!({ "faults": faults.words() }));
    }
    if faults.has(Fault::LogsPassword) {
        let password = config.database.get_password().map(String::from_utf8_lossy);
        log::event(Level::Info, "connecting", &json!({ "password": password }));
    }
    if faults.has(Fault::Leaks) {
        tokio::spawn(leak::leak(5_000_000, 400_000_000));
    }
}
