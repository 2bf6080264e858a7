//! The contract file around its clauses, as it is written.

use super::clause_file::ClauseFile;
use super::need_file::NeedFile;
use crate::model::Level;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A chart, its release, its environments and its promises.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of the whole file, for the schema; the loader reads it section by section")]
pub(crate) struct ContractFile {
    /// The version of the language.
    api_version: Option<ApiVersion>,
    /// What this file is.
    kind: Option<FileKind>,
    /// The chart's folder, relative to this file.
    chart: String,
    /// Names that are fixed on purpose.
    release: Option<ReleaseFile>,
    /// The ways to install the chart; one of its own values alone, where none is written.
    #[schemars(extend("minProperties" = 1))]
    environments: Option<IndexMap<String, EnvironmentFile>>,
    /// What the chart expects to find: name → one kind of thing.
    needs: Option<IndexMap<String, NeedFile>>,
    /// What `seatrial up` makes.
    cluster: Option<ClusterFile>,
    /// When to give up; a promise is a `within` in a clause.
    timeouts: Option<TimeoutsFile>,
    /// The promises, by name.
    clauses: Option<IndexMap<String, ClauseFile>>,
    /// Packs of clauses, each with its parameters; `policy` is Seatrial's own.
    uses: Option<IndexMap<String, IndexMap<String, Value>>>,
    /// Default clauses and clauses of packs that are switched off: name → reason.
    without: Option<IndexMap<String, String>>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "for the schema")]
pub(super) enum ApiVersion {
    #[serde(rename = "seatrial.dev/v1")]
    V1,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "for the schema")]
enum FileKind {
    Contract,
}

/// Names of release and namespace; what is left out is computed.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReleaseFile {
    /// Helm's release name.
    pub(super) name: Option<String>,
    /// The namespace; environments run one after another in it.
    pub(super) namespace: Option<String>,
    /// The Pod Security Standard that is enforced.
    pub(super) pod_security: Option<PodSecurity>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum PodSecurity {
    Restricted,
    Baseline,
    Privileged,
}

impl PodSecurity {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Restricted => "restricted",
            Self::Baseline => "baseline",
            Self::Privileged => "privileged",
        }
    }
}

/// One way to install the chart.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EnvironmentFile {
    /// Values files, relative to the chart, in the order Helm takes them.
    #[serde(default)]
    pub(super) values: Vec<String>,
    /// Single values; keys in Helm's own --set syntax, values typed.
    #[serde(default)]
    pub(super) set: IndexMap<String, Value>,
    /// What is different only for the trial (fewer replicas), in Helm's own --set syntax; printed with every verdict.
    #[serde(default)]
    pub(super) trial: IndexMap<String, Value>,
    /// The highest level it is judged on.
    pub(super) up_to: Option<LevelFile>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum LevelFile {
    Static,
    Api,
    Live,
    Measure,
    Disturb,
}

impl From<LevelFile> for Level {
    fn from(file: LevelFile) -> Self {
        match file {
            LevelFile::Static => Self::Static,
            LevelFile::Api => Self::Api,
            LevelFile::Live => Self::Live,
            LevelFile::Measure => Self::Measure,
            LevelFile::Disturb => Self::Disturb,
        }
    }
}

/// What `seatrial up` makes for this chart.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClusterFile {
    /// Name of the kind cluster.
    pub(super) name: String,
    /// Host port on 127.0.0.1 → the Service port behind it.
    #[serde(default)]
    pub(super) publish: IndexMap<String, String>,
    /// What answers 200 from the host once it is up (host:5000/v2/).
    pub(super) answers: Option<String>,
    /// The data of volumes lives on the host and outlives the node.
    #[serde(default)]
    pub(super) host_storage: bool,
    /// What the node may use; a default is printed by `up`.
    #[serde(default)]
    pub(super) resources: NodeResourcesFile,
    /// What stands in for the cluster where kind or Helm is missing.
    pub(super) docker: Option<DockerFile>,
    /// Programs that run beside the release: pods here, containers where `up` makes containers.
    #[serde(default)]
    pub(super) beside: IndexMap<String, BesideFile>,
}

/// The limits of the node.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NodeResourcesFile {
    /// Processors.
    #[schemars(range(min = 0.1))]
    pub(super) cpus: Option<f64>,
    /// Memory (2Gi, 1GB).
    pub(super) memory: Option<String>,
}

/// Docker mode: the image of the release as one container.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DockerFile {
    /// An image that the chart runs too.
    pub(super) image: String,
    /// Host port of `publish` → port of the container.
    pub(super) ports: IndexMap<String, u16>,
    /// Claim → where the container mounts it.
    #[serde(default)]
    pub(super) volumes: IndexMap<String, String>,
    /// Variables of its environment.
    #[serde(default)]
    pub(super) env: IndexMap<String, String>,
    /// Who runs it, uid:gid.
    pub(super) user: Option<String>,
}

/// A program beside the release.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct BesideFile {
    /// The image; seatrial/NAME without a tag is a program of Seatrial's own, of its present sources.
    pub(super) image: String,
    /// Where it listens; it is published on the same port of 127.0.0.1.
    pub(super) port: u16,
    /// The path that answers 200 while it is well (/health); a `status` in its JSON is believed.
    pub(super) health: Option<String>,
    /// Its variables; $(svc/NAME:PORT) is HOST:PORT of that Service port as the program reaches it, $(env.X) a variable of
    /// the environment that `up` is called in.
    #[serde(default)]
    pub(super) env: IndexMap<String, String>,
}

/// When to give up.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TimeoutsFile {
    /// Until a release is ready (2m).
    pub(super) ready: Option<String>,
    /// Of one clause (30s), on top of the durations that it names itself.
    pub(super) clause: Option<String>,
}
