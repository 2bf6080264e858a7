//! The repository file, `seatrial.yaml`: what is the same for all charts.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// What `seatrial.yaml` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Repository {
    /// The file, as diagnostics print it.
    pub file: String,
    /// Patterns of chart folders, relative to the file; empty: `charts/*`.
    pub charts: Vec<String>,
    /// The chart that `up` makes where none is named.
    pub up: Option<String>,
    /// Where the last release is found.
    pub released: Option<Released>,
    /// Packs that every chart uses: name → parameters.
    pub uses: IndexMap<String, IndexMap<String, Value>>,
    /// The clusters that a trial is made on.
    pub cluster: ClusterMatrix,
    /// Image pattern → how it is had.
    pub images: IndexMap<String, ImageSource>,
    /// Addon → what provides it.
    pub addons: IndexMap<String, String>,
    /// Where an existing cluster may be used.
    pub contexts: Contexts,
    /// Until a release is ready, where the contract does not say.
    pub ready: Option<Duration>,
    /// Time of one clause, where the contract does not say.
    pub clause: Option<Duration>,
    /// Checks and circumstances whose clauses do not gate (`latency`, `usage`).
    pub advisory: Vec<String>,
    /// The file of findings that were there before, relative to this one.
    pub baseline: Option<String>,
}

/// Where the last release of a chart is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Released {
    /// In an OCI registry.
    Oci(String),
    /// The last tag of git.
    GitTags,
    /// The branch that the change is to be merged into.
    TargetBranch,
}

/// Versions to try, the last of each in the lane of a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterMatrix {
    /// Versions of Kubernetes.
    pub kubernetes: Vec<String>,
    /// Versions of Helm.
    pub helm: Vec<String>,
    /// Nodes of a cluster.
    pub nodes: Option<u32>,
}

/// How an image is had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ImageSource {
    /// By what builds it (`skaffold`).
    Build(String),
    /// From its registry, with this host's login.
    Pull,
    /// From archives, by a pattern of files.
    Load(String),
    /// From another registry.
    Mirror(String),
}

/// Where an existing cluster may be used: patterns of context names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contexts {
    /// Only these; empty: all that are not denied.
    pub allow: Vec<String>,
    /// Never these.
    pub deny: Vec<String>,
}

impl Contexts {
    /// Why a context may not be used; `None` where it may.
    pub fn refusal(&self, context: &str) -> Option<String> {
        if let Some(pattern) = self.deny.iter().find(|pattern| fits(pattern, context)) {
            return Some(format!("`contexts.deny` of seatrial.yaml has `{pattern}`"));
        }
        let is_allowed = self.allow.is_empty() || self.allow.iter().any(|pattern| fits(pattern, context));
        (!is_allowed).then(|| format!("`contexts.allow` of seatrial.yaml has {} only", self.allow.join(", ")))
    }
}

/// Whether a name fits a pattern in which `*` is any text.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let expression = regex::escape(pattern).replace(r"\*", ".*");
    regex::Regex::new(&format!("^{expression}$")).is_ok_and(|pattern| pattern.is_match(name))
}

impl Repository {
    /// What is written and does not act yet, one line each: nothing of the file is ignored silently.
    pub fn without_effect(&self) -> Vec<String> {
        let is_matrix = !(self.cluster.kubernetes.is_empty() && self.cluster.helm.is_empty());
        let nodes = self.cluster.nodes.unwrap_or(1);
        // Of what Skaffold builds, the clause `skaffold` asks whether it does.
        let is_skaffold = |source: &ImageSource| matches!(source, ImageSource::Build(by) if by == "skaffold");
        let is_had_otherwise = self.images.values().any(|source| !is_skaffold(source));
        let is_oci = matches!(self.released, Some(Released::Oci(_)));
        let lines = [
            is_oci.then_some("`released`: a last release is not pulled from a registry yet"),
            is_matrix.then_some("`cluster`: one trial is made, with the Kubernetes and the Helm of this host"),
            (nodes > 1).then_some("`cluster.nodes`: trial clusters have one node"),
            is_had_otherwise.then_some("`images`: images are built and loaded by `seatrial setup` alone"),
            (!self.addons.is_empty()).then_some("`addons`: none is installed yet"),
        ];
        let name = self.file.as_str();
        lines.into_iter().flatten().map(|line| format!("{name}: {line}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_may_be_used_where_nothing_forbids_it() {
        let contexts = |allow: &[&str], deny: &[&str]| {
            let texts = |all: &[&str]| all.iter().map(ToString::to_string).collect();
            Contexts { allow: texts(allow), deny: texts(deny) }
        };
        assert_eq!(contexts(&[], &[]).refusal("prod"), None);
        assert_eq!(contexts(&["kind-*", "staging"], &["*prod*"]).refusal("kind-a"), None);
        let denied = contexts(&["*"], &["*prod*"]).refusal("eu-prod-1");
        assert_eq!(denied.as_deref(), Some("`contexts.deny` of seatrial.yaml has `*prod*`"));
        let not_allowed = contexts(&["kind-*", "staging"], &[]).refusal("minikube");
        assert_eq!(not_allowed.as_deref(), Some("`contexts.allow` of seatrial.yaml has kind-*, staging only"));
    }

    #[test]
    fn what_does_not_act_is_told() {
        let repository = Repository { file: "seatrial.yaml".into(), ..Repository::default() };
        assert_eq!(repository.without_effect(), Vec::<String>::new());
        let repository = Repository { released: Some(Released::Oci("oci://a/b".into())), ..repository };
        let told = "seatrial.yaml: `released`: a last release is not pulled from a registry yet";
        assert_eq!(repository.without_effect(), [told]);
    }
}
