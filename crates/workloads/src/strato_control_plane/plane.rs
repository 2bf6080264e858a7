//! The control plane as a whole: what its parts share, and what it serves.

use super::agents::Agents;
use super::config::Config;
use super::database::Database;
use super::permify::Permify;
use super::{api, health, page, upgrade, vms};
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long connections have to end.
const GOODBYE: Duration = Duration::from_secs(2);

/// How long requests are still taken, while the cluster learns that nobody should send any.
const DRAIN: Duration = Duration::from_secs(1);

/// What all parts share.
pub struct ControlPlane {
    pub(super) config: Config,
    pub(super) agents: Agents,
    pub(super) database: Database,
    pub(super) permify: Permify,
    stopping: watch::Sender<bool>,
}

impl ControlPlane {
    /// A control plane that looks after its dependencies from now on.
    pub fn start(config: Config) -> Arc<Self> {
        let (database, permify) = (Database::new(&config), Permify::new(&config));
        let (agents, stopping) = (Agents::default(), watch::Sender::new(false));
        let plane = Arc::new(Self { config, agents, database, permify, stopping });
        let (with_database, with_permify) = (Arc::clone(&plane), Arc::clone(&plane));
        tokio::spawn(async move { with_database.database.keep().await });
        tokio::spawn(async move { with_permify.permify.keep().await });
        plane
    }

    /// What it serves.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/", get(page::page))
            .route("/health", get(health::health))
            .route("/health/live", get(health::live))
            .route("/health/ready", get(health::ready))
            .route("/api/agents", get(api::agents))
            .route("/api/agents/{id}", get(api::agent))
            .route("/api/session", get(api::session))
            .route("/api/vms", get(vms::list).post(vms::create))
            .route("/api/vms/{id}/stop", post(vms::stop))
            .route("/agent/ws", get(upgrade::upgrade))
            .with_state(Arc::clone(self))
    }

    /// Not ready any more: says goodbye to every agent, and takes requests for a moment more.
    pub async fn stop(&self) {
        self.stopping.send_replace(true);
        let drained = tokio::time::timeout(DRAIN, std::future::pending::<()>());
        let _ = tokio::join!(drained, tokio::time::timeout(GOODBYE, self.stopping.closed()));
    }

    /// Whether it ends.
    pub(super) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// What a new connection listens to; none is taken any more at the end.
    pub(super) fn stopping(&self) -> Option<watch::Receiver<bool>> {
        (!self.is_stopping()).then(|| self.stopping.subscribe())
    }
}
