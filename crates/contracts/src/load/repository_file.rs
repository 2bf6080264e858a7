//! The repository file as it is written: what is the same for all charts.

use super::contract_file::{ApiVersion, TimeoutsFile};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// What all charts of a repository share; once, at its root.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of the whole file, for the schema; the loader reads it section by section")]
pub(crate) struct RepositoryFile {
    /// The version of the language.
    api_version: Option<ApiVersion>,
    /// What this file is.
    kind: RepositoryKind,
    /// Patterns of chart folders, relative to this file; charts/* where none is written.
    #[schemars(length(min = 1))]
    charts: Option<Vec<String>>,
    /// The chart that `up` makes where none is named: its folder, relative to this file.
    up: Option<String>,
    /// Where the last release is found: oci://…, git-tags, or target-branch.
    released: Option<String>,
    /// Packs that every chart uses, with their parameters.
    uses: Option<IndexMap<String, IndexMap<String, Value>>>,
    /// The clusters that trials are made on; the last of each list for a pull request.
    cluster: Option<MatrixFile>,
    /// Pattern of images → how they are had.
    images: Option<IndexMap<String, ImageFile>>,
    /// Addon → what provides it.
    addons: Option<IndexMap<String, String>>,
    /// Where an existing cluster may be used at all.
    contexts: Option<ContextsFile>,
    /// When to give up, where the contract does not say.
    timeouts: Option<TimeoutsFile>,
    /// Checks and circumstances whose clauses are shown and do not gate: latency, usage.
    advisory: Option<Vec<String>>,
    /// The file of findings that were there before: they are shown and do not gate.
    baseline: Option<String>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "for the schema")]
enum RepositoryKind {
    Repository,
}

/// Versions to try.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MatrixFile {
    /// Versions of Kubernetes.
    #[serde(default)]
    pub(super) kubernetes: Vec<String>,
    /// Versions of Helm.
    #[serde(default)]
    pub(super) helm: Vec<String>,
    /// Nodes of a cluster.
    #[schemars(range(min = 1, max = 16))]
    pub(super) nodes: Option<u32>,
}

/// How an image is had.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum ImageFile {
    /// `pull`: from its registry, with this host's login.
    Word(String),
    Made(MadeFile),
}

/// One way to have an image.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MadeFile {
    /// What builds it: skaffold.
    pub(super) build: Option<String>,
    /// Archives on this host, as a pattern of files.
    pub(super) load: Option<String>,
    /// Another registry that has it.
    pub(super) mirror: Option<String>,
}

/// Patterns of context names.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ContextsFile {
    /// Only these; all that are not denied where none is written.
    #[serde(default)]
    pub(super) allow: Vec<String>,
    /// Never these.
    #[serde(default)]
    pub(super) deny: Vec<String>,
}
