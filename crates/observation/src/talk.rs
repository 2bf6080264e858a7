//! Talks that are more than one question and answer: a WebSocket, act by act, and a query of PostgreSQL; and the
//! certificate that a server showed on the way.

use crate::Way;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// What a server's certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// The DNS names and addresses that it is for.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// For how long it was still valid when it was seen, in seconds; below zero it had expired.
    pub valid_for_s: i64,
}

/// One act on a WebSocket that stays open between acts, known by its name where the probe runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WsSpec {
    /// The line's name.
    pub line: String,
    /// What is done.
    pub act: WsAct,
}

/// What is done with a WebSocket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WsAct {
    /// Connect and upgrade.
    Open {
        /// The whole URL, `http://name:port/path` or `https://…`.
        url: String,
        /// Request headers.
        headers: IndexMap<String, String>,
        /// Which way it goes there.
        way: Way,
    },
    /// Send a text frame.
    Send {
        /// Its text.
        text: String,
    },
    /// Send a ping; the pong is a frame of the record.
    Ping,
    /// Send a close frame.
    Close {
        /// Its code.
        code: u16,
    },
    /// Wait for frames, the close, or the end of the wait; whatever comes first.
    Read {
        /// The first frame that is wanted, counted from 0.
        from: usize,
        /// How long to wait where there is none, in milliseconds.
        wait_ms: u64,
    },
    /// Forget the line; the connection is closed.
    Forget,
}

/// A WebSocket after an act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WsState {
    /// Milliseconds since the upgrade.
    pub now_ms: f64,
    /// The frames that were asked for.
    pub frames: Vec<WsFrame>,
    /// How many frames came in all.
    pub count: usize,
    /// How many pings of the other side came; each was answered.
    #[serde(default)]
    pub pings: u64,
    /// How it ended, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<WsClosed>,
}

/// One frame that came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WsFrame {
    /// Milliseconds from the upgrade to its arrival.
    pub at_ms: f64,
    /// What kind of frame.
    pub kind: WsKind,
    /// Its text, lossy for a binary one, bounded.
    pub text: String,
}

/// The kinds of frames that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WsKind {
    /// A text frame.
    Text,
    /// A binary frame.
    Binary,
    /// The answer to a ping.
    Pong,
}

/// How a WebSocket ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WsClosed {
    /// Milliseconds from the upgrade.
    pub at_ms: f64,
    /// The code of the close frame; `None` where the connection went without one.
    pub code: Option<u16>,
    /// The reason of the close frame, or the error's own words.
    pub reason: String,
}

/// What a talk came to, step by step; the first step that did not hold is the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WsTalk {
    /// The steps that were taken.
    pub steps: Vec<WsStep>,
}

/// One step of a talk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WsStep {
    /// When it began, in milliseconds since the upgrade.
    pub from_ms: f64,
    /// When it was over.
    pub to_ms: f64,
    /// The frames that it looked at, up to the one it waited for.
    pub frames: Vec<WsFrame>,
    /// The end of the line, where it was over by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<WsClosed>,
    /// How many pings of the other side had come over the line by then, in all.
    #[serde(default)]
    pub pings: u64,
}

/// One query, or several with `;` between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostgresSpec {
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who asks.
    pub user: String,
    /// The password; never in an observation.
    pub password: Option<String>,
    /// The database; the user's own where none is named.
    pub database: Option<String>,
    /// What is asked.
    pub query: String,
    /// Whether the connection is encrypted.
    pub tls: PostgresTls,
    /// The name that the certificate must be for, where it is not the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

/// Whether a connection to PostgreSQL is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PostgresTls {
    /// If the server offers it.
    Prefer,
    /// Never.
    Disable,
    /// Always; the certificate is taken as it is.
    Require,
    /// Always, and the certificate is signed by one of these (PEM) and for the host's name.
    Verify(String),
}

/// What a PostgreSQL server answered to the last of the queries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostgresAnswer {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, each value as text; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// What the server refused, log-in included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<PostgresError>,
    /// Whether there were more rows or bytes than are kept.
    #[serde(default)]
    pub is_truncated: bool,
}

/// An error of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostgresError {
    /// The SQLSTATE.
    pub code: String,
    /// Its own words.
    pub message: String,
}
