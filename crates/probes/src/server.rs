//! The prober: the probes over HTTP, from inside a cluster.
//!
//! `POST /probe` takes a [`ProbeRequest`] and answers with a `ProbeOutcome`; `POST /latency` takes a `LatencySpec` and
//! answers with a `LatencyRun`; `GET /healthz` says that it lives; `GET /echo` is the reference that latencies are
//! compared with. It needs nothing but `/etc/resolv.conf`.

use crate::{measure, probe};
use axum::routing::{get, post};
use axum::{Json, Router};
use seatrial_observation::{LatencySpec, ProbeOutcome, ProbeSpec};
use serde::{Deserialize, Serialize};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Where the prober listens in its pod, on all of its addresses.
pub const PORT: u16 = 8077;

/// The body of `POST /probe`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeRequest {
    /// What to probe.
    pub spec: ProbeSpec,
    /// When to give up, in milliseconds.
    pub timeout_ms: u64,
}

/// Why the prober could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The argument is no address to listen on.
    #[error("{given} is no address to listen on")]
    Address {
        /// The argument.
        given: String,
        /// What is wrong with it.
        source: std::net::AddrParseError,
    },
    /// The address can't be listened on.
    #[error("can't listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Signals can't be caught.
    #[error("can't catch signals")]
    Signals(#[source] io::Error),
    /// Serving ended.
    #[error("serving ended")]
    Serve(#[source] io::Error),
}

/// Serves on an address, else on [`PORT`], until SIGTERM or SIGINT, and ends at once then: it has nothing to finish, and as a container's first
/// process it would not be ended by a signal that it does not catch.
pub async fn serve(address: Option<&str>) -> Result<(), ServeError> {
    let address = address.map_or_else(|| Ok(SocketAddr::from(([0, 0, 0, 0], PORT))), parse)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Signals)?;
    let listener = TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })?;
    tokio::select! {
        served = async { axum::serve(listener, router()).await } => served.map_err(ServeError::Serve),
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

fn parse(address: &str) -> Result<SocketAddr, ServeError> {
    address.parse().map_err(|source| ServeError::Address { given: address.to_owned(), source })
}

/// What the prober serves.
pub fn router() -> Router {
    Router::new()
        .route("/probe", post(answer))
        .route("/latency", post(|Json(spec): Json<LatencySpec>| async move { Json(measure(&spec).await) }))
        .route("/healthz", get(|| async { "ok" }))
        .route("/echo", get(|| async { "echo" }))
}

async fn answer(Json(request): Json<ProbeRequest>) -> Json<ProbeOutcome> {
    Json(probe(&request.spec, Duration::from_millis(request.timeout_ms)).await)
}
