//! How fast a probe must be: limits on quantiles of its latency, or on how much slower it may be than a reference.

use seatrial_observation::Connections;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A promise about the latency of a probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// The limits, at least one; with `than` exactly one, on the median.
    pub limits: Vec<LatencyLimit>,
    /// What it is compared with: the limit is on the difference of the medians.
    pub than: Option<Than>,
    /// Requests a second, by an open schedule: request i is due at i/rate, whatever became of those before.
    pub rate: u32,
    /// The fewest samples before it may pass.
    pub samples: u32,
    /// Requests that are sent first and not counted.
    pub warm_up: u32,
    /// How requests get their connections.
    pub connections: Connections,
}

impl Latency {
    /// The most samples that are drawn; what they do not decide stays undecided.
    pub const MOST_SAMPLES: u32 = 2000;

    /// How long samples are drawn at the most.
    pub const LONGEST: Duration = Duration::from_mins(1);
}

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatencyLimit {
    /// In hundredths: 50, 95 or 99.
    pub percentile: u8,
    /// The limit: of the latency itself, with `than` of the difference.
    pub limit: Duration,
}

/// What a latency is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Than {
    /// The workload's own image in a plain container on the same host.
    Docker,
    /// The prober's echo, which does nothing.
    Echo,
}
