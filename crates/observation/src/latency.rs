//! What a measurement of latency is asked ([`LatencySpec`]) and what it brings ([`LatencyRun`]).

use serde::{Deserialize, Serialize};

/// How the requests of a measurement get their connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Connections {
    /// Each request resolves the name and opens a connection of its own, as a new client does.
    #[default]
    New,
    /// Connections are kept and used again, as a client with a pool does.
    Kept,
}
