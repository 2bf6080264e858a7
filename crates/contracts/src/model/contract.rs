//! A contract as the rest of Seatrial sees it, after the file was read and every mistake was reported.

use super::{Beside, Level, RawNeed, Target};
use crate::diagnostic::Places;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// One `contract.yaml`: a chart, its release, its environments and its clauses.
///
/// Clauses are kept as raw trees until a plan binds them to an environment and an element of `each` (references such
/// as `$(values.x)` differ between environments); loading has already bound each of them once to find mistakes.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// The contract file's name as diagnostics print it; empty for a chart without one.
    pub file: String,
    /// The chart's folder as written, relative to the contract file.
    pub chart: String,
    /// Names of release and namespace, where they are fixed on purpose.
    pub release: ReleaseSpec,
    /// The environments in file order; never empty (a contract without any has `default`).
    pub environments: IndexMap<String, Environment>,
    /// What `seatrial up` makes.
    pub cluster: Option<ClusterSpec>,
    /// When to give up.
    pub timeouts: Timeouts,
    /// What the chart expects to find, by name.
    pub needs: IndexMap<String, RawNeed>,
    /// Clause name → its raw tree and place in the file, in file order.
    pub clauses: IndexMap<String, RawClause>,
    /// Default clauses and clauses of packs switched off by name, each with its reason.
    pub without: IndexMap<String, String>,
    /// The packs that this chart uses: its own and those of the repository.
    pub uses: Vec<String>,
    /// Checks and circumstances whose clauses do not gate, by the repository file.
    pub advisory: Vec<String>,
}

/// In the place of a variable's name, where each element of `each` is a map of several variables.
pub const ROWS: &str = "";

/// A clause as written: its tree, its place, and the facts that do not differ between environments.
#[derive(Clone, Debug, PartialEq)]
pub struct RawClause {
    /// The clause's tree with references still in it.
    pub tree: Value,
    /// Line in the contract file, counted from 1.
    pub line: usize,
    /// Line and column of each node of `tree`, for diagnostics found while binding.
    pub places: Places,
    /// The environments it is judged in (`in`), already checked to exist; all of them where none is written.
    pub environments: Vec<String>,
    /// Whether the clause has a `skip` whose last day is past: its slots fail instead of being skipped.
    pub is_skip_expired: bool,
    /// The pack it is from; its line is in that pack's file then.
    pub pack: Option<String>,
    /// The parameters of the pack.
    pub params: IndexMap<String, Value>,
    /// The variables of `each`: name → (element name → value); [`ROWS`] where elements have several. Empty without `each`.
    pub each: IndexMap<String, IndexMap<String, Value>>,
}

/// Fixed names of a release. What is left out is computed for each environment and run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseSpec {
    /// Helm's release name.
    pub name: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// Pod Security Standard enforced on the namespace (`restricted`, `baseline`).
    pub pod_security: Option<String>,
}

/// One way to install the chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Environment {
    /// Values files relative to the chart, in the order Helm takes them.
    pub values: Vec<String>,
    /// Single values in Helm's own `--set` syntax → typed value, those of the trial among them.
    pub set: IndexMap<String, Value>,
    /// The values that are different only for the trial.
    pub trial: IndexMap<String, Value>,
    /// The highest level this environment is judged on.
    pub up_to: Option<Level>,
}

/// What `seatrial up` makes for this chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterSpec {
    /// Name of the kind cluster.
    pub name: String,
    /// Host port on 127.0.0.1 → the Service port behind it.
    pub publish: IndexMap<u16, Target>,
    /// What answers 200 from the host once it is up (`host:5000/v2/`).
    pub answers: Option<Target>,
    /// Whether the data of volumes lives on the host and outlives the node.
    pub host_storage: bool,
    /// Name → a program that runs beside the release.
    pub beside: IndexMap<String, Beside>,
    /// What the node may use.
    #[serde(default)]
    pub resources: NodeResources,
    /// What stands in for the cluster where there is none.
    pub docker: Option<DockerSpec>,
}

/// The limits of a node; what is left out is a default that `up` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeResources {
    /// Processors.
    pub cpus: Option<f64>,
    /// Memory, in bytes.
    pub memory: Option<u64>,
}

/// Docker mode: the image of the release as one container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DockerSpec {
    /// The image, one that the chart runs too.
    pub image: String,
    /// Host port of `publish` → port of the container.
    pub ports: IndexMap<u16, u16>,
    /// Claim → where the container mounts it.
    pub volumes: IndexMap<String, String>,
    /// Variables of its environment.
    pub env: IndexMap<String, String>,
    /// Who runs it, `uid:gid`.
    pub user: Option<String>,
}

/// When to give up, on top of the durations a clause itself names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeouts {
    /// Until a release is ready.
    pub ready: Duration,
    /// Of one clause.
    pub clause: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { ready: Duration::from_mins(2), clause: Duration::from_secs(30) }
    }
}
