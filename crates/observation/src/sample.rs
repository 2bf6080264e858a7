//! One look of a clause: when it was taken and what was seen.

use crate::{DryRun, LatencyRun, Look, ProbeOutcome, Reason, Start};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One look, stamped relative to the clause's event (or its start, where there is no event).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// Milliseconds from the event to the moment the look was complete.
    pub at_ms: f64,
    /// What was seen; an error of the apparatus is kept apart from a mismatch.
    pub look: Result<Seen, LookError>,
}

/// The apparatus failed: the API server, the prober or a file could not be asked. Never a mismatch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LookError {
    /// What failed, with the error's own words.
    pub message: String,
}

/// What one look saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "seen", content = "value", rename_all = "camelCase")]
pub enum Seen {
    /// The outcomes of a session of probes (one entry for a single probe), in order.
    Probes(Vec<ProbeOutcome>),
    /// Objects read from the API server (values of Secrets already taken out): one [`Found`] a target, in the order of
    /// the check. For `restarts` the objects are the pods of the target; for `leaves` there is one [`Found`] `*/*` with
    /// everything of the release that is still there.
    Objects(Vec<Found>),
    /// The readiness of each object.
    Readiness(Vec<ObjectLook>),
    /// Logs, stream by stream (already redacted: [`crate::REDACTED`] stands where a Secret's value was).
    Logs(Vec<LogStream>),
    /// What is in use, thing by thing.
    Usage(Vec<Usage>),
    /// A command's end.
    Command(CommandSeen),
    /// How far Jobs are; empty where there is none.
    Jobs(Vec<JobSeen>),
    /// What `helm test` did.
    Tests(TestsSeen),
    /// What came of things that are to be refused, in the order of the check.
    Refusals(Vec<Answered>),
    /// One start of a container.
    Start(Start),
    /// A measurement of latency.
    Latency(Box<LatencyRun>),
    /// What the API server said of every object of the render, in a dry run.
    Admission(Vec<DryRun>),
}

/// What one target of a clause named in the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The target as written (`deploy/registry`).
    pub target: String,
    /// The objects as the API server shows them; empty where there is none.
    pub objects: Vec<Value>,
}

/// The readiness of one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectLook {
    /// `kind/name`.
    pub object: String,
    /// Ready, not yet, or never.
    pub look: Look<()>,
}

impl ObjectLook {
    /// The reason it is not ready, if it is not.
    pub fn reason(&self) -> Option<&Reason> {
        self.look.reason()
    }
}

/// The log of one container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogStream {
    /// Pod name.
    pub pod: String,
    /// Container name.
    pub container: String,
    /// Whether this is the log of the container's previous run.
    pub is_previous: bool,
    /// The lines, bounded to the last 10,000.
    pub lines: Vec<String>,
}

/// How far a Job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobSeen {
    /// Its name in the cluster.
    pub job: String,
    /// Whether it has completed.
    pub is_complete: bool,
    /// Why it has failed, in the words of its condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// What it still waits for, where it has done neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// Its containers that have ended, the first to end first.
    pub ends: Vec<ContainerEnd>,
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerEnd {
    /// Pod name.
    pub pod: String,
    /// Container name.
    pub container: String,
    /// Exit code.
    pub code: i64,
    /// The last lines of its log, less the values of Secrets; only where the code is not 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tail: Vec<String>,
}

/// What `helm test` did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestsSeen {
    /// The end of Helm.
    pub command: CommandSeen,
    /// The containers of the pods that it started; those of a pod that its own policy removed are missing.
    pub ends: Vec<ContainerEnd>,
}

/// The answer to something that is to be refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    /// What it was: `a.b=1`, `examples/x.yaml: widget/x`.
    pub what: String,
    /// Which of the check's refusals it belongs to, counted from 0.
    pub of: usize,
    /// The words of the refusal; `None` where it was accepted.
    pub refusal: Option<String>,
}

/// What one thing uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// `pod/x container/y`, or `namespace`, or `node`.
    pub of: String,
    /// Working set in bytes: usage less inactive file cache, as the kubelet counts.
    pub working_set_bytes: u64,
    /// The memory limit in bytes, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_bytes: Option<u64>,
    /// CPU in billionths of a core, the mean of the last seconds; only where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_nanocores: Option<u64>,
    /// The CPU limit in billionths of a core, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_limit_nanocores: Option<u64>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandSeen {
    /// The command line; it never carries a secret.
    pub argv: Vec<String>,
    /// Exit code; `None` when a signal or a time-out ended it.
    pub code: Option<i32>,
    /// The end of standard output.
    pub stdout: String,
    /// The end of standard error.
    pub stderr: String,
    /// Seconds it took.
    pub seconds: f64,
    /// The report that it was to write, where it wrote one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
}
