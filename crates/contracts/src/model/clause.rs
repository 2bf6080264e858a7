//! One clause, bound to an environment and an element: one check or several after one event, and its circumstances.

use super::{Check, HttpStep, Latency, Target};
use indexmap::IndexMap;
use seatrial_observation::Connections;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// A clause with every plan-time reference looked up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clause {
    /// From where probes look.
    pub from: Vantage,
    /// What is prepared first; a failure makes the clause Inconclusive.
    pub before: Vec<Action>,
    /// What happens.
    pub when: Vec<Event>,
    /// The checks, in order; never empty.
    pub then: Vec<Phase>,
    /// Clauses of the same contract that must have passed.
    pub after: Vec<String>,
    /// Requirement rows.
    pub covers: Vec<String>,
    /// A line for the report.
    pub why: Option<String>,
    /// States that may heal and so do not doom a wait.
    pub tolerates: Vec<String>,
    /// Reason not to judge it, with the date the excuse ends.
    pub skip: Option<Skip>,
    /// Shown, but does not gate.
    pub is_advisory: bool,
}

/// One check with its own time words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Phase {
    /// What is promised.
    pub check: Check,
    /// The promise must come true within this time from the event.
    pub within: Option<Within>,
    /// It must hold this long.
    #[serde(rename = "for")]
    pub for_: Option<Duration>,
    /// It must hold so many times in a row, each time after the event anew; once where nothing is written.
    pub repeat: Option<u32>,
    /// How fast the probe itself must be.
    #[serde(default)]
    pub latency: Option<Latency>,
    /// It must hold before, during and after the event.
    #[serde(default)]
    pub throughout: bool,
    /// What `when` did is undone first.
    #[serde(default)]
    pub heals: bool,
}

impl Clause {
    /// One promise, looked at from a pod, without any circumstance.
    pub fn of(phase: Phase) -> Self {
        Self {
            from: Vantage::Pod,
            before: Vec::new(),
            when: Vec::new(),
            then: vec![phase],
            after: Vec::new(),
            covers: Vec::new(),
            why: None,
            tolerates: Vec::new(),
            skip: None,
            is_advisory: false,
        }
    }
}

impl Phase {
    /// One check without any time word.
    pub fn of(check: Check) -> Self {
        Self { check, within: None, for_: None, repeat: None, latency: None, throughout: false, heals: false }
    }
}

/// A promise about time, and where its clock starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Within {
    /// The limit.
    pub limit: Duration,
    /// `within: 5s of ready`: counted from the moment the object of `when` is ready again.
    pub is_of_ready: bool,
    /// `within: { p50: +100ms, than: docker }`: the limit is how much longer than there the median may be, from the
    /// start of the container to the first 200.
    pub than: Option<Reference>,
}

/// What a duration is compared with: the same image elsewhere, in the same run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reference {
    /// A container of the engine, without a cluster.
    Docker,
}

/// Something done before the event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Push a random artefact to a registry and remember it under a name.
    Push {
        /// The registry.
        at: Target,
        /// The name it is remembered by.
        name: String,
    },
    /// Something that is done to the cluster.
    Do(Event),
    /// Any check that must hold first.
    Check(Check),
}

/// What happens to the release, in the words of `when`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// Delete the pods of a workload.
    DeletePod(Target),
    /// The same, with another time to end than the pods ask for themselves.
    DeletePodIn {
        /// The workload.
        of: Target,
        /// The time; none at all is a crash.
        grace: Duration,
    },
    /// `kubectl rollout restart`.
    Restart(Target),
    /// Set the replicas of workloads.
    Scale(IndexMap<String, u32>),
    /// Uninstall and install again with the same values.
    Reinstall,
    /// Uninstall.
    Uninstall,
    /// Evict the pods of a workload, as a drain does; budgets are respected.
    Drain(Target),
    /// Signal the first process of a workload's containers: target → name of the signal.
    Signal(IndexMap<String, String>),
    /// Every process of a workload stands still until the clause is over.
    Stop(Target),
    /// Packets between a workload's pods and a Service port are dropped, without a word, until the clause is over:
    /// workload → Service port.
    Cut(IndexMap<String, Target>),
    /// Stop a container beside the cluster, by the name of its need; it is started again after the clause.
    StopNeed(String),
    /// Change fields of objects: target → path → value.
    Patch(IndexMap<String, Value>),
    /// Apply the objects of files of the chart; what was not there before goes after the clause.
    Apply(Vec<String>),
    /// Delete objects.
    Delete(Target),
    /// `helm rollback` to the revision before.
    Rollback,
    /// `helm upgrade` with other values.
    Upgrade {
        /// In Helm's own `--set` syntax → typed value; empty is an identical upgrade.
        set: IndexMap<String, Value>,
    },
    /// The last release is installed before anything else of the clause; this upgrades it to the chart as it is, with
    /// these values more.
    UpgradeFromLast(IndexMap<String, Value>),
    /// All that runs on the nodes is killed, and started again.
    RestartNode,
    /// Requests at a constant rate, from now until the clause is judged.
    Load(Box<Load>),
}

/// Requests at a constant rate, by an open schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Load {
    /// What each of them is.
    pub request: HttpStep,
    /// Requests a second.
    pub rate: u32,
    /// When the load ends, where the clause is not judged before.
    pub longest: Duration,
    /// Whether each request opens a connection of its own.
    pub connections: Connections,
    /// The most of them that may fail; where nothing is written they are counted and shown.
    pub failures: Option<u64>,
}

impl Clause {
    /// The load that its event is, where it is one.
    pub fn load(&self) -> Option<&Load> {
        self.when.iter().find_map(|event| match event {
            Event::Load(load) => Some(&**load),
            _ => None,
        })
    }

    /// Whether it begins with the last release.
    pub fn starts_from_last(&self) -> bool {
        self.when.iter().any(|event| matches!(event, Event::UpgradeFromLast(_)))
    }
}

/// From where a probe looks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Vantage {
    /// A pod of ours in the release's namespace: the prober.
    #[default]
    Pod,
    /// The machine that runs Seatrial.
    Host,
    /// The node's network.
    Node,
    /// As that workload (by an ephemeral container).
    Workload(Target),
    /// A pod with this namespace, labels and service account.
    Stranger {
        /// Namespace of the pod.
        namespace: Option<String>,
        /// Its labels.
        labels: IndexMap<String, String>,
        /// Its service account.
        service_account: Option<String>,
    },
}

/// A reason not to judge a clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Skip {
    /// Why.
    pub reason: String,
    /// The last day it is excused, `YYYY-MM-DD`; past it the clause fails.
    pub until: Option<String>,
    /// Whether that day is past, as of the day the contract was loaded.
    #[serde(default)]
    pub is_expired: bool,
}
