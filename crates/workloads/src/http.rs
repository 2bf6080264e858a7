//! A client for JSON over plain HTTP, as far as these programs need one.

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value;
use std::time::Duration;

/// The largest answer that is read.
const MOST: usize = 1 << 20;

/// How long a kept connection may be idle: less than any server of ours keeps one.
const IDLE: Duration = Duration::from_secs(5);

/// What a server answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The body; null where it is not JSON.
    pub(crate) json: Value,
}

/// A client that keeps its connections for a while.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    patience: Duration,
}

impl Http {
    /// A client that waits so long for a whole answer.
    pub(crate) fn new(patience: Duration) -> Self {
        let mut client = Client::builder(TokioExecutor::new());
        let client = client.pool_idle_timeout(IDLE).pool_timer(TokioTimer::new()).build_http();
        Self { client, patience }
    }

    /// Asks without a body.
    pub(crate) async fn get(&self, url: &str) -> Result<Answer, String> {
        self.ask(Method::GET, url, Bytes::new()).await
    }

    /// Asks with JSON.
    pub(crate) async fn post(&self, url: &str, body: &Value) -> Result<Answer, String> {
        self.ask(Method::POST, url, Bytes::from(body.to_string())).await
    }

    async fn ask(&self, method: Method, url: &str, body: Bytes) -> Result<Answer, String> {
        let request = Request::builder().method(method).uri(url).header(CONTENT_TYPE, "application/json");
        let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
        match tokio::time::timeout(self.patience, self.send(request)).await {
            Ok(answered) => answered,
            Err(_) => Err(format!("no answer within {} ms", self.patience.as_millis())),
        }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let answer = self.client.request(request).await.map_err(|error| chain(&error))?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), MOST).collect().await.map_err(|error| error.to_string())?;
        let json = serde_json::from_slice(&body.to_bytes()).unwrap_or(Value::Null);
        Ok(Answer { status, json })
    }
}

/// The error with all its causes: the last is the one that helps.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
