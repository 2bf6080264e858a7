//! What a measurement of latency is asked ([`LatencySpec`]) and what it brings ([`LatencyRun`]).

use crate::ProbeSpec;
use indexmap::IndexMap;
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

/// One measurement: two probes in turn by an open schedule. Request i is due at i/rate, its reference half an interval
/// later, and latencies count from then, whatever became of the requests before: a stall is not hidden.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatencySpec {
    /// What is measured.
    pub target: ProbeSpec,
    /// The HTTP status that an answer of the target must have, where it speaks HTTP.
    pub status: Option<u16>,
    /// What it is measured beside, from the same vantage.
    pub reference: Option<ProbeSpec>,
    /// Requests a second to each of them.
    pub rate: u32,
    /// Requests to each of them that are sent first and not counted.
    pub warm_up: u32,
    /// How requests get their connections.
    pub connections: Connections,
    /// When a single request is given up, in milliseconds.
    pub timeout_ms: u64,
    /// When there are enough.
    pub goal: LatencyGoal,
}

/// When a measurement has enough samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatencyGoal {
    /// The limits that the sequential test is about; none where only medians are compared.
    pub limits: Vec<LatencyLimitUs>,
    /// The fewest samples to pass with.
    pub fewest: u32,
    /// The most samples.
    pub most: u32,
    /// When to stop, in milliseconds.
    pub longest_ms: u64,
}

/// A limit on one percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatencyLimitUs {
    /// In hundredths, 1 to 99.
    pub percentile: u8,
    /// In microseconds.
    pub limit_us: u64,
}

/// What came of a measurement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatencyRun {
    /// The samples of the target, in the order in which they were due.
    pub target: Series,
    /// Those of the reference; as many, or none.
    pub reference: Series,
    /// What was sent first and does not count.
    #[serde(default)]
    pub warm_up: Series,
    /// How requests to the target failed: in words → how many.
    #[serde(default)]
    pub failures: IndexMap<String, u32>,
    /// Seconds from the first due time to the end, without the warm-up.
    pub seconds: f64,
    /// Whose work kept the machine busy meanwhile, where that can be known.
    #[serde(default)]
    pub machine: Option<Machine>,
    /// The target's latencies in microseconds as `HdrHistogram` V2 (compressed, base64), for other tools.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub histogram: String,
}

/// Samples in the order in which they were due.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// Microseconds from the due time to the last byte, or to the failure.
    pub took_us: Vec<u64>,
    /// Microseconds from the due time until the request really began: what the measuring itself was late.
    pub lag_us: Vec<u64>,
    /// Which of them failed, by index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<usize>,
}

impl Series {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.took_us.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.took_us.is_empty()
    }

    /// Adds one.
    pub fn push(&mut self, took_us: u64, lag_us: u64, is_failed: bool) {
        if is_failed {
            self.failed.push(self.took_us.len());
        }
        self.took_us.push(took_us);
        self.lag_us.push(lag_us);
    }

    /// Each sample's time; `None` where it failed.
    pub fn answers(&self) -> impl Iterator<Item = Option<u64>> {
        let mut failed = self.failed.iter().copied().peekable();
        self.took_us.iter().enumerate().map(move |(index, took)| {
            let is_failed = failed.next_if_eq(&index).is_some();
            (!is_failed).then_some(*took)
        })
    }
}

/// Whose work kept a machine busy during a measurement. All in seconds of one CPU, but for `seconds`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// How many CPUs there are.
    pub cpus: u32,
    /// Seconds between the two readings.
    pub seconds: f64,
    /// CPU time used by anybody.
    pub busy: f64,
    /// CPU time that the hypervisor gave to others.
    pub steal: f64,
    /// CPU time used by the cgroups of the release.
    pub release: f64,
    /// Seconds in which some task waited for a CPU (PSI), where the kernel counts them.
    pub stalled: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_samples_have_no_time() {
        let mut series = Series::default();
        series.push(5, 1, false);
        series.push(9, 1, true);
        series.push(7, 2, false);
        assert_eq!(series.answers().collect::<Vec<_>>(), [Some(5), None, Some(7)]);
        assert_eq!((series.len(), series.failed), (3, vec![1]));
    }
}
