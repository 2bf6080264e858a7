//! A verdict: what came of one slot, why, and where the reader finds more.

use super::{Class, Level, SlotId};
use serde::{Deserialize, Serialize};

/// The verdict of one slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Which slot.
    pub id: SlotId,
    /// Its class.
    pub class: Class,
    /// How far it was judged.
    pub level: Level,
    /// The verdict.
    pub kind: VerdictKind,
    /// Why it is no pass.
    pub cause: Option<Cause>,
    /// The prerequisite that blocked it.
    pub blocked_by: Option<BlockedBy>,
    /// Requirement rows.
    pub covers: Vec<String>,
    /// Shown, but does not gate.
    pub is_advisory: bool,
    /// Values with limit, margin and n; printed also when it passes.
    pub measured: Vec<Measured>,
    /// Where in the chart and the contract.
    pub places: Vec<Where>,
    /// Commands to look further.
    pub next: Vec<String>,
    /// Seconds it took.
    pub seconds: f64,
    /// What was different only for the trial: `key=value`.
    #[serde(default)]
    pub trial: Vec<String>,
    /// Kinds without a CRD in the trial cluster, for which a permissive stub stood in (`Widget.example.com`).
    #[serde(default)]
    pub stubs: Vec<String>,
    /// What the reader should know that is no failure: warnings of the API server, what could not be asked.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The evidence folder or file, relative to the workspace.
    pub evidence: Option<String>,
}

/// The four verdicts. Nothing observed is never a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VerdictKind {
    /// The promise was seen to hold.
    Pass,
    /// The promise was seen broken.
    Fail,
    /// It could not be judged.
    Inconclusive,
    /// It was not to be judged, known beforehand.
    Skipped,
}

/// Why a verdict is no pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// A stable word for machines: `mismatch`, `doomed`, `timeout`, `apparatus`, `missing`, `blocked`, `skip` …
    pub kind: String,
    /// One or more lines for people; the first says what was promised and what was seen.
    pub message: String,
}

/// The prerequisite that did not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockedBy(pub String);

/// One measured value against its limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// What was measured (`time to ready`, `working set`).
    pub what: String,
    /// The value.
    pub value: f64,
    /// The limit, where there is one.
    pub limit: Option<f64>,
    /// `s`, `ms`, `B`.
    pub unit: String,
    /// Samples behind the value.
    pub n: u64,
}

/// A place for the reader to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Where {
    /// The file, relative to the workspace (`charts/x/templates/service.yaml`).
    pub file: String,
    /// Line, counted from 1.
    pub line: Option<usize>,
    /// What is there (`rendered line 12`).
    pub note: Option<String>,
}
