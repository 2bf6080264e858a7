//! How the agent is, told on a port of its own: whether it lives, whether it is connected and registered, and what it
//! counted.

use super::mode::Found;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What `/status` says. Counts are those of the session; `reconnects` is that of the program's life.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told {
    pub(super) mode: &'static str,
    pub(super) mode_reason: String,
    /// Connected and registered.
    pub(super) connected: bool,
    pub(super) agent_id: String,
    pub(super) name: Option<String>,
    pub(super) session_id: Option<String>,
    pub(super) acknowledged: u64,
    pub(super) heartbeats_sent: u64,
    pub(super) reconnects: u64,
    pub(super) pings_received: u64,
    pub(super) last_ack: Option<Timestamp>,
    /// Why there is no connection.
    pub(super) reason: Option<String>,
    pub(super) version: &'static str,
}

/// The same, shared by who learns and who tells.
#[derive(Clone, Debug)]
pub(super) struct Status(Arc<Mutex<Told>>);

impl Status {
    /// Not connected yet.
    pub(super) fn new(agent_id: &str, found: &Found) -> Self {
        Self(Arc::new(Mutex::new(Told {
            mode: found.mode.word(),
            mode_reason: found.reason.clone(),
            connected: false,
            agent_id: agent_id.to_owned(),
            name: None,
            session_id: None,
            acknowledged: 0,
            heartbeats_sent: 0,
            reconnects: 0,
            pings_received: 0,
            last_ack: None,
            reason: Some("not connected yet".to_owned()),
            version: env!("CARGO_PKG_VERSION"),
        })))
    }

    /// What is known now.
    pub(super) fn now(&self) -> Told {
        self.lock().clone()
    }

    /// A connection began; it has counted nothing.
    pub(super) fn dialled(&self) {
        let mut told = self.lock();
        (told.acknowledged, told.heartbeats_sent, told.pings_received) = (0, 0, 0);
    }

    /// The control plane knows us.
    pub(super) fn registered(&self, name: &str, session_id: &str) {
        let mut told = self.lock();
        (told.connected, told.reason) = (true, None);
        (told.name, told.session_id) = (Some(name.to_owned()), Some(session_id.to_owned()));
    }

    /// A heartbeat went out.
    pub(super) fn beat(&self) {
        self.lock().heartbeats_sent += 1;
    }

    /// One was acknowledged.
    pub(super) fn acknowledged(&self) {
        let mut told = self.lock();
        told.acknowledged += 1;
        told.last_ack = Some(Timestamp::now());
    }

    /// The control plane pinged.
    pub(super) fn pinged(&self) {
        self.lock().pings_received += 1;
    }

    /// The connection is gone, or did not come about.
    pub(super) fn lost(&self, reason: &str) {
        let mut told = self.lock();
        (told.connected, told.session_id, told.reason) = (false, None, Some(reason.to_owned()));
    }

    /// The next attempt begins.
    pub(super) fn dials_again(&self) {
        self.lock().reconnects += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is served.
pub(super) fn router(status: Status) -> Router {
    Router::new()
        .route("/health/live", get(async || Json(json!({ "status": "live" }))))
        .route("/health/ready", get(ready))
        .route("/status", get(async |State(status): State<Status>| Json(status.now())))
        .with_state(status)
}

async fn ready(State(status): State<Status>) -> (StatusCode, Json<Value>) {
    let told = status.now();
    let (code, word) =
        if told.connected { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not-ready") };
    (code, Json(json!({ "status": word, "sessionId": told.session_id, "reason": told.reason })))
}
