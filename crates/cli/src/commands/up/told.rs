//! What `up` tells when it is done.

use crate::failure::chain;
use seatrial_harness::beside::BesideError;
use seatrial_harness::bootstrap::{Journal, Mode, Service};
use seatrial_harness::cluster::Limits;
use serde_json::{Value, json};

/// What the record does not know.
#[derive(Debug)]
pub(super) struct Told {
    /// The environment whose values were installed; none in Docker mode.
    pub(super) environment: Option<String>,
    /// Why it fell back to Docker.
    pub(super) because: Option<String>,
    /// What the node may use; none in Docker mode.
    pub(super) limits: Option<Limits>,
    /// Port of this host → what is behind it.
    pub(super) publish: Vec<(u16, String)>,
    /// Why it is not ready.
    pub(super) problem: Option<String>,
    /// Seconds it took.
    pub(super) seconds: f64,
}

impl Told {
    /// Adds what was started beside the release; why it was not, else.
    pub(super) fn add(services: &mut Vec<Service>, started: Result<Vec<Service>, BesideError>) -> Option<String> {
        started.map(|started| services.extend(started)).err().map(|error| chain(&error))
    }

    pub(super) fn value(&self, journal: &Journal) -> Value {
        let record = &journal.record;
        let publish = self.publish.iter().map(|(port, behind)| (port.to_string(), json!(behind)));
        json!({
            "schema": "seatrial.up/v1",
            "mode": record.mode,
            "because": self.because,
            "cluster": record.name,
            "kubeconfig": record.kubeconfig,
            "environment": self.environment,
            "release": record.release,
            "namespace": record.namespace,
            "publish": publish.collect::<serde_json::Map<_, _>>(),
            "services": record.services,
            "states": record.states,
            "limits": self.limits,
            "storage": record.storage,
            "log": journal.path(),
            "isReady": self.problem.is_none(),
            "problem": self.problem,
            "seconds": self.seconds,
        })
    }

    pub(super) fn text(&self, journal: &Journal) -> String {
        let record = &journal.record;
        let state = match &self.problem {
            None => format!("ready after {:.1} s", self.seconds),
            Some(problem) => format!("not ready: {problem}"),
        };
        let what = match (&record.mode, &self.environment) {
            (Mode::Kind, Some(environment)) => {
                format!("release {} ({environment}) in namespace {}", record.release, record.namespace)
            }
            _ => format!("{} as a container", record.release),
        };
        let mut lines = vec![format!("{}: {what}, {state}", record.name)];
        lines.push(format!("  {}", record.states));
        lines.extend(self.publish.iter().map(|(port, behind)| format!("  localhost:{port} is {behind}")));
        lines.extend(self.limits.iter().map(|limits| format!("  the node may use {limits}")));
        lines.extend(record.storage.iter().map(|dir| format!("  the data is in {dir}")));
        lines.extend(record.kubeconfig.iter().map(|file| format!("  export KUBECONFIG={file}")));
        lines.push("  seatrial down    removes it, and leaves the data".to_owned());
        lines.join("\n")
    }
}
