//! How a pod of a fresh install came up: when each of its states was seen first; and how long containers take from
//! their start to their first answer.

use serde::{Deserialize, Serialize};

/// When the states of one pod arrived, in milliseconds from the exec of Helm by a monotonic clock; the API server's own
/// stamps are whole seconds. What never came is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodStart {
    /// Its name.
    pub pod: String,
    /// A node was found.
    pub scheduled_ms: Option<f64>,
    /// Its sandbox and network are there (`PodReadyToStartContainers`).
    pub sandbox_ms: Option<f64>,
    /// Its init containers have ended.
    pub initialised_ms: Option<f64>,
    /// All of its containers have been started.
    pub started_ms: Option<f64>,
    /// All of its containers are ready.
    pub containers_ready_ms: Option<f64>,
    /// It is ready.
    pub ready_ms: Option<f64>,
    /// How long images were pulled for it.
    pub pulls_ms: f64,
}

/// Where a container is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// In a pod of the cluster.
    Cluster,
    /// By the engine alone.
    Docker,
}

/// One start of a container.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    /// Where.
    pub place: Place,
    /// Milliseconds from the start that the runtime notes to the end of the first answer 200, by the one wall clock of
    /// this machine.
    pub answer_ms: f64,
    /// How often it was asked in vain before. Never: it was asked too late to say when it answered first.
    pub refused: u64,
}
