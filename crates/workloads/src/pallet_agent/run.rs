//! The agent at work: what it serves, and what it says while it starts and ends.

use super::card::card;
use super::config::Config;
use super::health::health;
use super::registry::{Registry, Seen};
use super::rpc::{Facts, execute};
use crate::log::{self, Level};
use crate::serve::{EndSignals, serve};
use crate::variables::ConfigError;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpListener;

/// How long an agent tries to reach the registry before it says that it does not.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// Why an agent does not run.
#[derive(Debug, Error)]
pub enum RunError {
    /// Its environment.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its port, or its signals.
    #[error("can't serve: {0}")]
    Serve(#[from] std::io::Error),
}

struct Agent {
    config: Config,
    registry: Registry,
}

/// Runs the agent that the environment describes until it is told to end.
pub async fn run() -> Result<(), RunError> {
    let signals = EndSignals::catch()?;
    let config = Config::from_env()?;
    let (agent, port, registry) = (config.role.word(), config.port, config.registry.clone());
    log::event(Level::Info, "starting", &json!({ "agent": agent, "port": port, "registry": registry }));
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
    log::event(Level::Info, "listening", &json!({ "agent": agent, "port": port }));
    tokio::spawn(first_look(agent, Registry::at(&registry)));
    let (fault, app) = (config.fault, router(config));
    let app = match fault {
        None => app,
        Some(fault) => {
            log::event(Level::Warn, "faulty", &json!({ "agent": agent, "fault": fault.word() }));
            fault.put_into(app)
        }
    };
    Ok(serve(listener, app, signals).await?)
}

/// What an agent serves.
pub fn router(config: Config) -> Router {
    let registry = Registry::at(&config.registry);
    Router::new()
        .route("/agent-card", get(async |State(agent): State<Arc<Agent>>| Json(card(&agent.config))))
        .route("/health", get(is_well))
        .route("/execute", post(answer))
        .with_state(Arc::new(Agent { config, registry }))
}

async fn is_well(State(agent): State<Arc<Agent>>) -> Json<Value> {
    Json(health(&agent.config, &agent.registry.look().await))
}

async fn answer(State(agent): State<Arc<Agent>>, body: Bytes) -> Response {
    let seen = agent.registry.look().await;
    let answered = execute(&body, &Facts { config: &agent.config, registry: &seen });
    log::event(Level::Info, "execute", &json!({ "agent": agent.config.role.word(), "isAnswered": answered.is_some() }));
    answered.map_or_else(|| StatusCode::NO_CONTENT.into_response(), |answer| Json(answer).into_response())
}

/// Says once how it stands with the registry. Names and rules of a fresh network may take a moment.
async fn first_look(agent: &'static str, registry: Registry) {
    let reached = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        loop {
            ticks.tick().await;
            let seen = registry.look().await;
            if seen.is_reachable {
                return seen;
            }
        }
    };
    match tokio::time::timeout(FIRST_LOOK, reached).await {
        Ok(seen) => tell(Level::Info, "registry-reached", agent, &seen),
        Err(_) => tell(Level::Warn, "registry-missing", agent, &registry.look().await),
    }
}

fn tell(level: Level, event: &str, agent: &str, seen: &Seen) {
    let fields = json!({ "agent": agent, "registry": seen.url, "status": seen.status, "reason": seen.reason });
    log::event(level, event, &fields);
}
