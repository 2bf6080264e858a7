//! The namespace of a release: made by us, labelled, and removed by us; somebody else's is never touched.

use super::site::{ReleaseError, Site};
use super::stage::Stage;
use crate::cluster::{ProviderKind, RUN_LABEL};
use crate::ours;
use crate::readiness::text;
use seatrial_observation::{Look, Reason};
use seatrial_probes::wait::{self, Patience, WaitError};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a namespace may take to go.
const GOING: Duration = Duration::from_secs(90);

impl Site {
    /// The namespace is there with our labels and the standard that the contract asks for. One of ours of which
    /// nobody knows what is in it (`is_known`) is made anew.
    pub(super) async fn ensure_namespace(&self, stage: &Stage<'_>, is_known: bool) -> Result<(), ReleaseError> {
        let name = stage.namespace();
        if let Some(found) = self.objects.get("Namespace", "", name).await? {
            let owner = text(&found, "/metadata/labels/seatrial.dev~1run");
            let is_ours = owner == self.run.as_str();
            let is_going = found.pointer("/metadata/deletionTimestamp").is_some();
            if owner.is_empty() && !is_going && self.cluster.provider == ProviderKind::Existing {
                return Err(ReleaseError::Foreign { namespace: name.to_owned() });
            }
            let is_stale = !owner.is_empty() && (!is_ours || !is_known);
            if is_going || is_stale {
                // A dead run's, or a killed process's: its lock was free, or we would not be here.
                self.delete_namespace(name).await?;
            }
        }
        self.objects.apply("", &manifest(self.run.as_str(), stage)).await?;
        self.until_usable(name).await
    }

    /// Pods can be made only when the namespace has its service account.
    pub(super) async fn until_usable(&self, namespace: &str) -> Result<(), ReleaseError> {
        let patience = Patience::steady(Duration::from_secs(30), Duration::from_millis(20));
        let account = wait::until(&patience, async || {
            Ok::<_, ReleaseError>(match self.objects.get("ServiceAccount", namespace, "default").await? {
                Some(_) => Look::Ready(()),
                None => Look::Pending(Reason::new("it has no default service account yet")),
            })
        });
        account.await.map_err(|error| not_gone(format!("the wait for namespace {namespace}"), &error))
    }

    /// Removes a namespace with all that is in it, and waits until it is gone.
    pub(crate) async fn delete_namespace(&self, name: &str) -> Result<(), ReleaseError> {
        self.forget_prober(name);
        self.objects.delete("Namespace", "", name).await?;
        let patience = Patience::backoff(GOING, Duration::from_millis(50), Duration::from_millis(500));
        let gone = wait::until(&patience, async || {
            Ok::<_, ReleaseError>(match self.objects.get("Namespace", "", name).await? {
                None => Look::Ready(()),
                Some(found) => Look::Pending(Reason::new(remaining(&found))),
            })
        });
        gone.await.map_err(|error| not_gone(format!("namespace {name}"), &error))
    }
}

pub(super) fn not_gone(what: String, error: &WaitError) -> ReleaseError {
    ReleaseError::NotGone { what, message: error.to_string() }
}

fn remaining(namespace: &Value) -> String {
    let conditions = namespace.pointer("/status/conditions").and_then(Value::as_array);
    let says = conditions.into_iter().flatten().filter(|one| text(one, "/status") == "True");
    let lines: Vec<&str> = says.map(|one| text(one, "/message")).collect();
    if lines.is_empty() { "it is being deleted".to_owned() } else { lines.join("; ") }
}

fn manifest(run: &str, stage: &Stage<'_>) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": stage.namespace(), "labels": labels_of(run, stage) },
    })
}

/// The labels of a namespace that is made for a stage.
pub(super) fn labels_of(run: &str, stage: &Stage<'_>) -> Value {
    let mut labels = json!({
        ours::LABEL: ours::OURS,
        RUN_LABEL: run,
        "seatrial.dev/chart": stage.chart.chart,
        "seatrial.dev/environment": stage.environment.name,
    });
    if let Some(standard) = &stage.environment.release.pod_security {
        labels["pod-security.kubernetes.io/enforce"] = json!(standard);
    }
    labels
}
