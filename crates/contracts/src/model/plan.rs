//! A plan: every verdict that will be given, before anything is done. One [`Slot`] is one verdict and one test name.

use super::{Clause, ClusterSpec, Need, Rendered, SkaffoldFile, Skip, Target, Timeouts};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The plan of one chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartPlan {
    /// The chart's name (from `Chart.yaml`).
    pub chart: String,
    /// The chart's folder as it was given.
    pub path: String,
    /// What `up` makes, if the contract says.
    pub cluster: Option<ClusterSpec>,
    /// When to give up.
    pub timeouts: Timeouts,
    /// Template sources by path relative to the chart (`templates/service.yaml`), for the places of findings.
    #[serde(default)]
    pub templates: BTreeMap<String, String>,
    /// Folders of subcharts by what Helm calls them, where that is something else (`charts/cache` → `charts/redis`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub subcharts: BTreeMap<String, String>,
    /// The Skaffold manifest of the repository, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skaffold: Option<SkaffoldFile>,
    /// The environments in file order.
    pub environments: Vec<EnvironmentPlan>,
}

impl ChartPlan {
    /// The file, below the chart, that Helm calls so in `# Source:` and in its messages.
    pub(crate) fn file(&self, called: &str) -> String {
        // The longest name comes last.
        let mut known = self.subcharts.iter().rev();
        let below = |name: &str| called.strip_prefix(name)?.strip_prefix('/');
        let found = known.find_map(|(name, folder)| Some(format!("{folder}/{}", below(name)?)));
        found.unwrap_or_else(|| called.to_owned())
    }

    /// The same as people look for it: with the chart's own folder.
    pub(crate) fn shown(&self, called: &str) -> String {
        format!("{}/{}", self.path.trim_end_matches('/'), self.file(called))
    }
}

/// The plan of one environment of a chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentPlan {
    /// The environment's name.
    pub name: String,
    /// The release.
    pub release: Release,
    /// Values files relative to the chart.
    pub values: Vec<String>,
    /// Single values, in Helm's own `--set` syntax → typed value.
    pub set: IndexMap<String, Value>,
    /// Those of them that are different only for the trial.
    #[serde(default)]
    pub trial: IndexMap<String, Value>,
    /// What is made before it is installed, in this order.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// What `helm template` printed for it, with `# Source:` comments.
    pub rendered: Rendered,
    /// Why it did not render (the end of Helm's standard error); `rendered` is empty then.
    pub render_error: Option<String>,
    /// The release before this one, rendered with the same values, where one was found.
    #[serde(default)]
    pub last_release: Option<LastRelease>,
    /// Every verdict to come, in the order they are judged.
    pub slots: Vec<Slot>,
}

/// What an upgrade starts from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastRelease {
    /// Where it was found, as it is to be shown: a tag, a branch, a folder.
    pub name: String,
    /// Its chart's folder.
    #[serde(default)]
    pub path: String,
    /// What `helm template` printed for it.
    pub rendered: Rendered,
}

/// Names of the release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Helm's release name.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// Whether the contract fixed the namespace: then it is taken under a lease, one environment after another.
    pub is_namespace_fixed: bool,
    /// Pod Security Standard enforced on the namespace.
    pub pod_security: Option<String>,
}

/// One verdict to come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    /// Its name.
    pub id: SlotId,
    /// How it may share a release.
    pub class: Class,
    /// The level it is judged on.
    pub level: Level,
    /// Who asked for it.
    pub origin: Origin,
    /// What is judged.
    pub what: What,
    /// Clause ids (`clause` or `clause[element]`) of the same environment that must have passed.
    pub after: Vec<String>,
    /// Why it is skipped, known beforehand.
    pub skip: Option<Skip>,
    /// Requirement rows.
    pub covers: Vec<String>,
    /// A line for the report.
    pub why: Option<String>,
    /// Shown, but does not gate.
    pub is_advisory: bool,
    /// Line in the contract file, where it is written there; in the pack's file, where it is from a pack.
    pub line: Option<usize>,
    /// The pack it is from.
    #[serde(default)]
    pub pack: Option<String>,
}

/// The name of a slot. Displays as `chart::environment::clause[element]`, which is also the name of its test.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SlotId {
    /// Chart name.
    pub chart: String,
    /// Environment name.
    pub environment: String,
    /// Clause name.
    pub clause: String,
    /// Element of `each`, or the target of an implicit clause.
    pub element: Option<String>,
}

impl SlotId {
    /// `clause` or `clause[element]`: the name within its environment, as `after` names it.
    pub fn local(&self) -> String {
        match &self.element {
            Some(element) => format!("{}[{element}]", self.clause),
            None => self.clause.clone(),
        }
    }
}

impl std::fmt::Display for SlotId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}::{}::{}", self.chart, self.environment, self.local())
    }
}

/// How a clause may share a release, in the order they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Class {
    /// Shares a release with others.
    Look,
    /// Needs the machine for itself.
    Measure,
    /// Changes the release; leaves it as found or replaces it.
    Disturb,
}

/// How far up a clause is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// The rendered files.
    Static,
    /// A real API server, no pods.
    Api,
    /// A running release.
    Live,
    /// Alone on the machine.
    Measure,
    /// Changing the release.
    Disturb,
}

/// Who asked for a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// The contract file.
    Written,
    /// On for every chart.
    Default,
    /// A prerequisite of others.
    Implicit,
}

/// What a slot judges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "a plan has a hundred slots, and most of them are clauses")]
pub enum What {
    /// The chart renders in this environment (implicit, the first of all).
    Renders,
    /// Manifests decode strictly (default).
    Decodes,
    /// A target that clauses name is in the render (implicit, one a target).
    Named(Target),
    /// A default static clause, by its name (`selectors`, `port-chain` …); the judge knows the question.
    Default(String),
    /// The API server would take every object of the render (default, by a dry run).
    Admitted,
    /// `helm upgrade --install` goes through (implicit).
    Installs,
    /// Everything of the release gets ready (implicit).
    Ready,
    /// A Service port that clauses address answers from a pod (implicit, one a Service port).
    Reachable(Target),
    /// Nothing of the release restarted since it was ready (default, live).
    NothingRestarted,
    /// A second identical upgrade restarts nothing (default, live, disturb).
    SecondUpgradeRestartsNothing,
    /// An uninstall leaves nothing but what is to be kept (default, live, disturb; not where a clause has `leaves`).
    UninstallLeavesNothing,
    /// A written clause.
    Clause(Clause),
    /// A clause whose `skip` is past its date: fails with the excuse's own words, and is not looked at.
    Expired(Skip),
    /// The contract file itself is invalid: judged as one failing test with the diagnostics.
    Invalid(String),
}
