//! `GET /health`, `/health/live` and `/health/ready`: that it lives, asked of nobody; and whether it can work, which
//! needs the database and Permify.

use super::plane::ControlPlane;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::{Arc, LazyLock};

/// Which program this is: the first 12 digits of its own hash.
pub(super) static BUILD: LazyLock<String> = LazyLock::new(|| {
    let program = std::fs::read("/proc/self/exe").unwrap_or_default();
    format!("{:x}", Sha256::digest(&program)).chars().take(12).collect()
});

/// It answers, so it lives.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// Who it is.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok", "build": *BUILD, "version": env!("CARGO_PKG_VERSION") }))
}

/// Whether it can work, and who is missing.
pub(super) async fn ready(State(plane): State<Arc<ControlPlane>>) -> (StatusCode, Json<Value>) {
    let (database, permify) = tokio::join!(plane.database.look(), plane.permify.look());
    let status = match (plane.is_stopping(), database.is_ok() && permify.is_ok()) {
        (true, _) => "stopping",
        (false, true) => "ready",
        (false, false) => "not-ready",
    };
    let code = if status == "ready" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let dependencies = json!({ "postgresql": seen(database), "permify": seen(permify) });
    (code, Json(json!({ "status": status, "dependencies": dependencies })))
}

fn seen(looked: Result<(), String>) -> Value {
    json!({ "ok": looked.is_ok(), "reason": looked.err() })
}
