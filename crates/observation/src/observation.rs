//! The record of one step of a plan: what was done and what was seen. The judge computes the verdict from it
//! alone, so a record read back a day later gives the same verdict.

use crate::{PodStart, Reason, Sample, Seed, Seen};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// What was done and seen for one clause.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// When it was made.
    pub clock: Clock,
    /// The release generation it was made on: grows with each install of the release in a run.
    pub generation: u64,
    /// What `before` and `when` did, and whether it went through.
    #[serde(default)]
    pub actions: Actions,
    /// One part for each check of the clause (`then:` has several), in order; a check that was not reached is missing.
    pub parts: Vec<Part>,
    /// How the pods came up, one entry a fresh install; empty where nothing was installed for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<Vec<PodStart>>,
    /// The kinds that a permissive stub CRD stood in for meanwhile (`Certificate.cert-manager.io`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stubs: Vec<String>,
    /// Seconds from begin to end.
    pub seconds: f64,
    /// Set where looking could not even begin, with the reason: the clause is Inconclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlooked: Option<Reason>,
}

/// What `before` and `when` did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actions {
    /// Why `before` failed: the clause is Inconclusive(blocked by before).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_failed: Option<Reason>,
    /// Why `when` could not be carried out: the clause is Inconclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_failed: Option<Reason>,
    /// Whether Helm itself refused it: that is the chart's, and the clause fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_refused: bool,
    /// What came of the requests of a load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadSeen>,
    /// What pushes remembered, by name.
    #[serde(default)]
    pub seeds: IndexMap<String, Seed>,
    /// What sessions of `before` have saved, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub saved: IndexMap<String, serde_json::Value>,
    /// Lines for the reader: what was done, and how long each took.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// What came of the requests of a load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadSeen {
    /// How many were due.
    pub sent: u64,
    /// How some of them failed: in words → how many.
    #[serde(default)]
    pub failures: IndexMap<String, u64>,
    /// Seconds from the first to the end.
    pub seconds: f64,
    /// Why no more could be sent, where that was not theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The looks of one check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// What was there before `when`, for expectations that say `unchanged`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Seen>,
    /// The samples kept: the first, the last ones, and any that decided (bounded).
    pub samples: Vec<Sample>,
    /// How many looks there were, kept or not.
    pub looks: u64,
    /// Why looking ended.
    pub ended: Ended,
}

/// Why looking ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ended {
    /// The state machine had enough.
    Decided,
    /// Nothing can change any more.
    Doomed(Reason),
    /// The time to give up came first.
    TimedOut,
}

/// When a record was made. Durations are taken within one process; these stamps only order records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clock {
    /// `CLOCK_BOOTTIME` in milliseconds.
    pub boottime_ms: u64,
    /// The kernel's boot id: boottimes of different boots don't compare.
    pub boot_id: String,
    /// Wall clock, RFC 3339.
    pub wall: String,
}
