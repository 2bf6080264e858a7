//! `GET /health`: an agent that does not reach the registry lives, but can't work: degraded.

use super::config::Config;
use super::registry::Seen;
use serde_json::{Value, json};

/// The answer. Its status code is 200 as long as the agent lives: what it lacks is in the body, and not a reason to
/// restart it.
pub(super) fn health(config: &Config, registry: &Seen) -> Value {
    json!({
        "status": if registry.is_reachable { "healthy" } else { "degraded" },
        "reason": registry.reason.as_ref().map(|reason| format!("the registry does not answer: {reason}")),
        "agent": config.role.word(),
        "version": env!("CARGO_PKG_VERSION"),
        "registry": registry,
    })
}
