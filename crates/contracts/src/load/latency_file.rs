//! `latency:` as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

/// How fast the probe itself must be, by an open schedule. At least one limit.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct LatencyFile {
    /// Half of the requests are answered within this time: 20ms; or, with `than`, the median is at most so much
    /// higher than there: +100ms. Judged by medians with a bootstrap interval.
    pub(super) p50: Option<String>,
    /// 95 of 100 requests are answered within this time: 50ms. Judged by a sequential test.
    pub(super) p95: Option<String>,
    /// 99 of 100 requests are answered within this time: 200ms. Judged by a sequential test.
    pub(super) p99: Option<String>,
    /// What `p50: +…` is compared with, request by request in turn: `docker` is the same image in a plain container on
    /// the same host, `echo` is an answer of the prober that does nothing.
    pub(super) than: Option<ThanFile>,
    /// Requests a second, 50/s where nothing is written: each has its due time, and its latency counts from then.
    pub(super) rate: Option<String>,
    /// The fewest samples, at most 2000. A p50 takes at least 100, a p95 73, a p99 373.
    pub(super) samples: Option<u32>,
    /// Requests that are sent first and do not count; 10 where nothing is written.
    pub(super) warm_up: Option<u32>,
    /// Whether each request opens a connection of its own (`new`, where nothing is written) or connections are `kept`.
    pub(super) connections: Option<ConnectionsFile>,
}

/// What a latency is compared with.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ThanFile {
    Docker,
    Echo,
}

/// How requests get their connections.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ConnectionsFile {
    New,
    Kept,
}
