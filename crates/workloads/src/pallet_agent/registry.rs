//! Whether the registry answers at `/v2/`.

use axum::body::Bytes;
use axum::http::Uri;
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use std::time::Duration;

/// How long the registry may take. Less than anybody waits for an agent's health, so that the agent can still say that
/// it was the registry.
const PATIENCE: Duration = Duration::from_millis(700);

/// What was seen of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seen {
    pub(super) url: String,
    pub(super) is_reachable: bool,
    /// The status of the answer; none without an answer.
    pub(super) status: Option<u16>,
    /// Why it is not reachable.
    pub(super) reason: Option<String>,
}

/// The registry of an agent. Each look takes a connection of its own: a kept one would not tell that a Service has no
/// pod any more.
#[derive(Clone, Debug)]
pub(super) struct Registry {
    url: String,
    client: Client<HttpConnector, Empty<Bytes>>,
}

impl Registry {
    /// The registry at this base URL; nothing is asked yet.
    pub(super) fn at(base: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        Self { url: format!("{base}/v2/"), client }
    }

    /// Asks it once. 401 is an answer, too: it lives, and wants a login.
    pub(super) async fn look(&self) -> Seen {
        let (status, reason) = match tokio::time::timeout(PATIENCE, self.get()).await {
            Ok(Ok(status @ (200 | 401))) => (Some(status), None),
            Ok(Ok(status)) => (Some(status), Some(format!("it answers {status}"))),
            Ok(Err(reason)) => (None, Some(reason)),
            Err(_) => (None, Some(format!("no answer within {} ms", PATIENCE.as_millis()))),
        };
        Seen { url: self.url.clone(), is_reachable: reason.is_none(), status, reason }
    }

    async fn get(&self) -> Result<u16, String> {
        let uri: Uri = self.url.parse().map_err(|error| format!("{error}"))?;
        let answer = self.client.get(uri).await.map_err(|error| chain(&error))?;
        Ok(answer.status().as_u16())
    }
}

/// The error with all its causes: the last is the one that helps.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
