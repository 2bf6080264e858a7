//! Readiness of the workload kinds by their own status. `observedGeneration` is honoured: a status about an older
//! spec says nothing.

use super::json::{condition, has_condition, is_deleting, is_stale, list, name_of, number, text};
use super::{doomed, events};
use seatrial_observation::{Look, Reason};
use serde_json::Value;

fn not_yet(kind: &str, object: &Value, message: impl Into<String>) -> Look<()> {
    Look::Pending(Reason::of(format!("{kind}/{}", name_of(object)), message))
}

/// What is common to all: a spec that its controller has not seen, or an object on its way out, is not ready.
fn unsettled(kind: &str, object: &Value) -> Option<Look<()>> {
    if is_deleting(object) {
        return Some(not_yet(kind, object, "is being deleted"));
    }
    is_stale(object).then(|| not_yet(kind, object, "its controller has not seen the newest spec yet"))
}

/// All replicas are of the newest revision and available, and no older one is left.
pub fn deployment(object: &Value, tolerates: &[String]) -> Look<()> {
    if let Some(look) = unsettled("Deployment", object) {
        return look;
    }
    if let Some(look) = refused_replicas(object, tolerates).or_else(|| late(object, tolerates)) {
        return look;
    }
    let wanted = number(object, "/spec/replicas", 1);
    let updated = number(object, "/status/updatedReplicas", 0);
    let all = number(object, "/status/replicas", 0);
    let available = number(object, "/status/availableReplicas", 0);
    if updated < wanted {
        return not_yet("Deployment", object, format!("{updated} of {wanted} replicas are of the newest revision"));
    }
    if all > updated {
        return not_yet("Deployment", object, format!("{} replicas of older revisions are left", all - updated));
    }
    if available < wanted {
        return not_yet("Deployment", object, format!("{available} of {wanted} replicas are available"));
    }
    Look::Ready(())
}

fn refused_replicas(object: &Value, tolerates: &[String]) -> Option<Look<()>> {
    let failure = condition(object, "ReplicaFailure").filter(|failure| text(failure, "/status") == "True")?;
    let message = text(failure, "/message");
    let reason =
        Reason::of(format!("Deployment/{}", name_of(object)), format!("{}: {message}", text(failure, "/reason")));
    Some(if events::is_refusal(message) { doomed(tolerates, "FailedCreate", reason) } else { Look::Pending(reason) })
}

fn late(object: &Value, tolerates: &[String]) -> Option<Look<()>> {
    let progressing = condition(object, "Progressing")?;
    let is_late = text(progressing, "/reason") == "ProgressDeadlineExceeded";
    let message = format!("ProgressDeadlineExceeded: {}", text(progressing, "/message"));
    let reason = Reason::of(format!("Deployment/{}", name_of(object)), message);
    is_late.then(|| doomed(tolerates, "ProgressDeadlineExceeded", reason))
}

/// All replicas are of the newest revision (above the partition) and available.
pub fn stateful_set(object: &Value) -> Look<()> {
    if let Some(look) = unsettled("StatefulSet", object) {
        return look;
    }
    let wanted = number(object, "/spec/replicas", 1);
    let ready = number(object, "/status/readyReplicas", 0);
    if ready < wanted {
        return not_yet("StatefulSet", object, format!("{ready} of {wanted} replicas are ready"));
    }
    let available = object.pointer("/status/availableReplicas").and_then(Value::as_i64).unwrap_or(ready);
    if available < wanted {
        return not_yet("StatefulSet", object, format!("{available} of {wanted} replicas are available"));
    }
    if text(object, "/spec/updateStrategy/type") == "OnDelete" {
        return Look::Ready(());
    }
    let newest = wanted - number(object, "/spec/updateStrategy/rollingUpdate/partition", 0).min(wanted);
    let updated = number(object, "/status/updatedReplicas", 0);
    let is_one_revision = text(object, "/status/currentRevision") == text(object, "/status/updateRevision");
    if updated < newest && !is_one_revision {
        return not_yet("StatefulSet", object, format!("{updated} of {newest} replicas are of the newest revision"));
    }
    Look::Ready(())
}

/// On every node that it asks for, a pod of the newest revision is available.
pub fn daemon_set(object: &Value) -> Look<()> {
    if let Some(look) = unsettled("DaemonSet", object) {
        return look;
    }
    let wanted = number(object, "/status/desiredNumberScheduled", 0);
    let updated = number(object, "/status/updatedNumberScheduled", 0);
    let available = number(object, "/status/numberAvailable", 0);
    if updated < wanted && text(object, "/spec/updateStrategy/type") != "OnDelete" {
        return not_yet("DaemonSet", object, format!("{updated} of {wanted} pods are of the newest revision"));
    }
    if available < wanted {
        return not_yet("DaemonSet", object, format!("{available} of {wanted} pods are available"));
    }
    Look::Ready(())
}

/// It has completed, or it is suspended and so was not to run.
pub fn job(object: &Value, tolerates: &[String]) -> Look<()> {
    if is_deleting(object) {
        return not_yet("Job", object, "is being deleted");
    }
    if has_condition(object, "Complete", "True") || object.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return Look::Ready(());
    }
    if let Some(failed) = condition(object, "Failed").filter(|failed| text(failed, "/status") == "True") {
        let message = format!("JobFailed: {}: {}", text(failed, "/reason"), text(failed, "/message"));
        return doomed(tolerates, "JobFailed", Reason::of(format!("Job/{}", name_of(object)), message));
    }
    let (done, wanted) = (number(object, "/status/succeeded", 0), number(object, "/spec/completions", 1));
    not_yet("Job", object, format!("{done} of {wanted} completions"))
}

/// How many pods a workload wants to be ready at the same time; `None` where that is not its question.
pub(super) fn wanted_pods(kind: &str, object: &Value) -> Option<i64> {
    match kind {
        "Deployment" | "StatefulSet" => Some(number(object, "/spec/replicas", 1)),
        "DaemonSet" => Some(number(object, "/status/desiredNumberScheduled", 0)),
        _ => None,
    }
}

/// Whether a pod of this list is ready and stays.
pub(super) fn is_serving(pod: &Value) -> bool {
    !is_deleting(pod) && has_condition(pod, "Ready", "True")
}

/// The names of a workload's claims made from templates (`data-web-0`).
pub(super) fn template_claims(stateful_set: &Value) -> Vec<String> {
    let name = name_of(stateful_set);
    let replicas = number(stateful_set, "/spec/replicas", 1);
    list(stateful_set, "/spec/volumeClaimTemplates")
        .iter()
        .flat_map(|template| (0..replicas).map(move |i| format!("{}-{name}-{i}", name_of(template))))
        .collect()
}
