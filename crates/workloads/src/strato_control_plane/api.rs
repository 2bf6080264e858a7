//! What people are told: the agents, and who is asking.

use super::agents::Agent;
use super::plane::ControlPlane;
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /api/agents`
pub(super) async fn agents(State(plane): State<Arc<ControlPlane>>) -> Json<Vec<Agent>> {
    Json(plane.agents.list())
}

/// `GET /api/agents/{id}`
pub(super) async fn agent(
    State(plane): State<Arc<ControlPlane>>,
    Path(id): Path<String>,
) -> Result<Json<Agent>, Refused> {
    let found = plane.agents.list().into_iter().find(|agent| agent.id == id);
    found.map(Json).ok_or_else(|| Refused(StatusCode::NOT_FOUND, "no_agent", format!("there is no agent {id}")))
}

/// `GET /api/session`
pub(super) async fn session(State(plane): State<Arc<ControlPlane>>, User(user): User) -> Json<Value> {
    let config = &plane.config;
    Json(json!({ "user": user, "tenant": config.tenant, "relyingParty": config.relying_party }))
}

/// Who is asking, by the header `x-user`. A real control plane would know by a passkey.
pub(super) struct User(pub(super) String);

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let Some(user) = parts.headers.get("x-user") else {
            return Err(Refused(StatusCode::UNAUTHORIZED, "no_user", "the header x-user is missing".to_owned()));
        };
        let user = user.to_str().ok().filter(|user| is_name(user));
        user.map(|user| Self(user.to_owned())).ok_or_else(|| Refused::bad("bad_user", "x-user is no name"))
    }
}

/// What is safe as a name, with Permify and everywhere else.
pub(super) fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_part)
}

/// A call that is not followed: status, code and what is wrong.
#[derive(Debug)]
pub(super) struct Refused(pub(super) StatusCode, pub(super) &'static str, pub(super) String);

impl Refused {
    pub(super) fn bad(code: &'static str, error: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, code, error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.2, "code": self.1 }))).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn a_name_is_short_and_plain() {
        assert!(["ann", "a.b-c_d@e", "1"].into_iter().all(is_name));
        let long = "x".repeat(65);
        assert!(!["", "a b", "a/b", "ä", "a\n", &long].into_iter().any(is_name));
    }
}
