//! One look at a whole release: each of its workloads and claims, with what their pods and events say.

use super::json::{name_of, text};
use super::owner::{current_hash, pods_of};
use super::workload::{is_serving, template_claims, wanted_pods};
use super::{History, claim, daemon_set, deployment, doomed, events, job, pod, stateful_set};
use seatrial_observation::{Look, ObjectLook, Reason};
use serde_json::Value;
use std::time::Duration;

/// What the API server showed of a namespace at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The workloads: `Deployment`, `StatefulSet`, `DaemonSet`, `Job`.
    pub workloads: Vec<Value>,
    /// All pods.
    pub pods: Vec<Value>,
    /// All replica sets.
    pub replica_sets: Vec<Value>,
    /// All claims.
    pub claims: Vec<Value>,
    /// All events.
    pub events: Vec<Value>,
    /// The cluster's storage classes.
    pub storage_classes: Vec<Value>,
    /// Whether `storage_classes` could be read: who may not read them can't say that one is missing.
    pub knows_storage_classes: bool,
    /// Whether all nodes are ready.
    pub are_nodes_ready: bool,
}

/// Whether readiness knows this kind.
pub fn is_judged(kind: &str) -> bool {
    matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "Pod" | "PersistentVolumeClaim")
}

/// Looks at each `(kind, name)`; kinds that have no readiness are passed over.
pub fn release(
    wanted: &[(String, String)],
    snapshot: &Snapshot,
    history: &mut History,
    now: Duration,
    tolerates: &[String],
) -> Vec<ObjectLook> {
    let judged = wanted.iter().filter(|(kind, _)| is_judged(kind));
    judged
        .map(|(kind, name)| ObjectLook {
            object: format!("{kind}/{name}"),
            look: object(kind, name, snapshot, history, now, tolerates),
        })
        .collect()
}

fn object(
    kind: &str,
    name: &str,
    snapshot: &Snapshot,
    history: &mut History,
    now: Duration,
    tolerates: &[String],
) -> Look<()> {
    let all = match kind {
        "Pod" => &snapshot.pods,
        "PersistentVolumeClaim" => &snapshot.claims,
        _ => &snapshot.workloads,
    };
    let found = all.iter().find(|object| name_of(object) == name && is_kind(object, kind));
    match (kind, found) {
        (_, None) => Look::Pending(Reason::of(format!("{kind}/{name}"), "is not there")),
        ("Pod", Some(found)) => pod(found, snapshot, history, now, tolerates),
        ("PersistentVolumeClaim", Some(found)) => claim(found, snapshot, tolerates),
        (_, Some(found)) => workload(kind, found, snapshot, history, now, tolerates),
    }
}

fn is_kind(object: &Value, kind: &str) -> bool {
    let written = text(object, "/kind");
    written.is_empty() || written == kind
}

/// A workload's own status, then its pods: the first doomed pod dooms it, a pod's reason explains why it waits, and
/// a status that is older than the deletion of a pod does not pass for ready.
fn workload(
    kind: &str,
    found: &Value,
    snapshot: &Snapshot,
    history: &mut History,
    now: Duration,
    tolerates: &[String],
) -> Look<()> {
    let own = match kind {
        "Deployment" => deployment(found, tolerates),
        "StatefulSet" => stateful_set(found),
        "DaemonSet" => daemon_set(found),
        _ => job(found, tolerates),
    };
    if matches!(own, Look::Doomed(_)) || super::json::is_stale(found) && kind != "Job" {
        return own;
    }
    let name = format!("{kind}/{}", name_of(found));
    let pods = current_pods(kind, found, snapshot);
    if own.is_ready() {
        return enough_pods(kind, &name, found, &pods);
    }
    if let Some(message) = refusal(kind, found, snapshot) {
        return doomed(tolerates, "FailedCreate", Reason::of(name, format!("FailedCreate: {message}")));
    }
    let claims = claims_of(kind, found, snapshot, tolerates);
    let looks = pods.iter().map(|one| pod(one, snapshot, history, now, tolerates)).chain(claims);
    worst(&looks.collect::<Vec<_>>()).unwrap_or(own)
}

fn refusal<'a>(kind: &str, found: &'a Value, snapshot: &'a Snapshot) -> Option<&'a str> {
    if kind == "Deployment" {
        // Its ReplicaSet has the events; its own condition was read already.
        return None;
    }
    events::refusal(&snapshot.events, found)
}

fn current_pods<'a>(kind: &str, found: &'a Value, snapshot: &'a Snapshot) -> Vec<&'a Value> {
    let mut pods = pods_of(found, &snapshot.pods);
    if kind == "Deployment" {
        let Some(hash) = current_hash(found, &snapshot.replica_sets) else { return Vec::new() };
        pods.retain(|pod| text(pod, "/metadata/labels/pod-template-hash") == hash);
    }
    pods
}

fn enough_pods(kind: &str, name: &str, found: &Value, pods: &[&Value]) -> Look<()> {
    let Some(wanted) = wanted_pods(kind, found) else { return Look::Ready(()) };
    let serving = pods.iter().filter(|pod| is_serving(pod)).count();
    if i64::try_from(serving).unwrap_or(i64::MAX) >= wanted {
        return Look::Ready(());
    }
    Look::Pending(Reason::of(name, format!("{serving} of {wanted} pods are ready")))
}

fn claims_of(kind: &str, found: &Value, snapshot: &Snapshot, tolerates: &[String]) -> Vec<Look<()>> {
    if kind != "StatefulSet" {
        return Vec::new();
    }
    let names = template_claims(found);
    let claims = snapshot.claims.iter().filter(|one| names.iter().any(|name| name == name_of(one)));
    claims.map(|one| claim(one, snapshot, tolerates)).collect()
}

/// The look that says most: a doomed one, else one that is pending.
fn worst(looks: &[Look<()>]) -> Option<Look<()>> {
    let doomed = looks.iter().find(|look| matches!(look, Look::Doomed(_)));
    doomed.or_else(|| looks.iter().find(|look| matches!(look, Look::Pending(_)))).cloned()
}
