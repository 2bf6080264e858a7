//! How it stands with what `seatrial up` made: what `health` tells.

use serde::{Deserialize, Serialize};

/// How well something is, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Wellness {
    /// It answers as it should.
    Healthy,
    /// It answers, but late or with a lack of its own.
    Degraded,
    /// It does not answer, or refuses.
    Unhealthy,
}

/// One service, as it answered just now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceHealth {
    /// `registry`, `agent-plan`, …
    pub name: String,
    /// How well it is.
    pub status: Wellness,
    /// Why it is not healthy.
    pub reason: Option<String>,
    /// What was asked.
    pub url: String,
    /// What runs it: a workload, or a container.
    pub at: String,
    /// Milliseconds until the answer or the failure.
    pub milliseconds: f64,
}

/// The state of a cluster, a release or data: one word, and why it is not the wanted one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateHealth {
    /// The word.
    pub state: String,
    /// Why it is not as it should be; `None` where it is.
    pub reason: Option<String>,
}

/// What one `up` made.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MadeHealth {
    /// Its name (`pallet-dev`).
    pub name: String,
    /// `kind` or `docker`.
    pub mode: String,
    /// The chart.
    pub chart: String,
    /// The release's name and its namespace.
    pub release_name: String,
    /// The namespace of the release.
    pub namespace: String,
    /// The cluster; `None` where there is none to be.
    pub cluster: Option<StateHealth>,
    /// The release, or the containers that stand for it.
    pub release: StateHealth,
    /// The data of its volumes.
    pub data: StateHealth,
    /// The services of the release.
    pub services: Vec<ServiceHealth>,
    /// The programs beside it; empty where none were asked for.
    pub agents: Vec<ServiceHealth>,
}

/// All that `health` tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Health {
    /// Whatever `up` made and what stands.
    pub made: Vec<MadeHealth>,
    /// How long all looks took together.
    pub seconds: f64,
}

impl MadeHealth {
    /// The worst of all its parts. Nothing looked at is never healthy.
    pub fn status(&self) -> Wellness {
        let states = self.cluster.iter().chain([&self.release, &self.data]);
        let states = states.map(|one| if one.reason.is_none() { Wellness::Healthy } else { Wellness::Degraded });
        let none = self.services.is_empty().then_some(Wellness::Unhealthy);
        states.chain(self.looked_at().map(|one| one.status)).chain(none).max().unwrap_or(Wellness::Unhealthy)
    }

    /// Services and agents.
    pub fn looked_at(&self) -> impl Iterator<Item = &ServiceHealth> {
        self.services.iter().chain(&self.agents)
    }
}

impl Health {
    /// The worst of all; `None` where nothing stands.
    pub fn status(&self) -> Option<Wellness> {
        self.made.iter().map(MadeHealth::status).max()
    }
}
