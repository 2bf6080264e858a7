//! `GET /agent/ws`: the upgrade to a WebSocket.

use super::fault::Fault;
use super::link::{Link, settings};
use super::plane::ControlPlane;
use crate::log::{self, Level};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::sync::Arc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// Answers 101 and talks, or says why not.
pub(super) async fn upgrade(State(plane): State<Arc<ControlPlane>>, mut request: Request) -> Response {
    let key = match key(request.headers()) {
        Ok(key) => key,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(stopping) = plane.stopping() else {
        return Refusal(StatusCode::SERVICE_UNAVAILABLE, "stopping", "going away").into_response();
    };
    if plane.config.faults.has(Fault::Answers200) {
        return StatusCode::OK.into_response();
    }
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgraded.await {
            Ok(upgraded) => {
                let io = TokioIo::new(upgraded);
                let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(settings())).await;
                Link::new(plane, socket, stopping).talk().await;
            }
            Err(error) => log::event(Level::Warn, "upgrade-failed", &json!({ "reason": error.to_string() })),
        }
    });
    let headers = [(UPGRADE, "websocket".to_owned()), (CONNECTION, "Upgrade".to_owned()), (SEC_WEBSOCKET_ACCEPT, key)];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// What the client's key is answered with.
fn key(headers: &HeaderMap) -> Result<String, Refusal> {
    if !has_word(headers, &CONNECTION, "upgrade") || !has_word(headers, &UPGRADE, "websocket") {
        return Err(Refusal(StatusCode::UPGRADE_REQUIRED, "upgrade_required", "this is a WebSocket"));
    }
    if !has_word(headers, &SEC_WEBSOCKET_VERSION, "13") {
        return Err(Refusal(StatusCode::UPGRADE_REQUIRED, "unsupported_version", "Sec-WebSocket-Version must be 13"));
    }
    match headers.get(SEC_WEBSOCKET_KEY) {
        Some(key) => Ok(derive_accept_key(key.as_bytes())),
        None => Err(Refusal(StatusCode::BAD_REQUEST, "no_key", "Sec-WebSocket-Key is missing")),
    }
}

fn has_word(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|said| said.trim().eq_ignore_ascii_case(word))
}

/// An upgrade that is not made: status, code and what is wrong.
struct Refusal(StatusCode, &'static str, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, code, error) = self;
        let wanted = [(UPGRADE, "websocket"), (CONNECTION, "Upgrade"), (SEC_WEBSOCKET_VERSION, "13")];
        (status, wanted, Json(json!({ "error": error, "code": code }))).into_response()
    }
}
