//! Readiness of a pod, and by which of its states a wait is doomed.

use super::json::{condition, has_condition, is_deleting, list, name_of, number, text};
use super::release::Snapshot;
use super::{History, doomed, events};
use seatrial_observation::{Look, Reason};
use serde_json::Value;
use std::time::Duration;

/// A pod is ready when its `Ready` condition says so, or when it has completed.
pub fn pod(pod: &Value, snapshot: &Snapshot, history: &mut History, now: Duration, tolerates: &[String]) -> Look<()> {
    history.note_exits(pod);
    let name = History::pod_name(pod);
    if is_deleting(pod) {
        return Look::Pending(Reason::of(name, "is being deleted"));
    }
    if text(pod, "/status/phase") == "Succeeded" || has_condition(pod, "Ready", "True") {
        return Look::Ready(());
    }
    if text(pod, "/status/phase") == "Failed" {
        return doomed(tolerates, "PodFailed", Reason::of(name, failed(pod)));
    }
    unscheduled(pod, snapshot, history, now, tolerates)
        .or_else(|| stuck_container(pod, snapshot, history, tolerates))
        .or_else(|| refused_readiness(pod, snapshot, tolerates))
        .unwrap_or_else(|| Look::Pending(Reason::of(name, pending(pod, snapshot))))
}

fn failed(pod: &Value) -> String {
    let (reason, message) = (text(pod, "/status/reason"), text(pod, "/status/message"));
    format!("PodFailed: {reason} {message}").trim_end().to_owned()
}

/// The scheduler finds no node. It counts only when it has said so unchanged for a while, all nodes are ready and no
/// claim is still binding.
fn unscheduled(
    pod: &Value,
    snapshot: &Snapshot,
    history: &mut History,
    now: Duration,
    tolerates: &[String],
) -> Option<Look<()>> {
    let scheduled = condition(pod, "PodScheduled")?;
    if text(scheduled, "/status") != "False" || text(scheduled, "/reason") != "Unschedulable" {
        return None;
    }
    let message = text(scheduled, "/message");
    let reason = Reason::of(History::pod_name(pod), format!("Unschedulable: {message}"));
    if is_binding(message) || !snapshot.are_nodes_ready {
        history.forget_shortage(pod);
        return Some(Look::Pending(reason));
    }
    if history.is_settled_shortage(pod, message, now) {
        return Some(doomed(tolerates, "Unschedulable", reason));
    }
    Some(Look::Pending(reason))
}

fn is_binding(message: &str) -> bool {
    message.contains("unbound") && message.contains("PersistentVolumeClaims")
}

fn stuck_container(pod: &Value, snapshot: &Snapshot, history: &History, tolerates: &[String]) -> Option<Look<()>> {
    let statuses = list(pod, "/status/initContainerStatuses").iter().chain(list(pod, "/status/containerStatuses"));
    statuses.filter_map(|status| stuck(pod, status, snapshot, history, tolerates)).max_by_key(is_doomed)
}

fn is_doomed(look: &Look<()>) -> bool {
    matches!(look, Look::Doomed(_))
}

fn stuck(
    pod: &Value,
    status: &Value,
    snapshot: &Snapshot,
    history: &History,
    tolerates: &[String],
) -> Option<Look<()>> {
    let waiting = text(status, "/state/waiting/reason");
    let (container, message) = (text(status, "/name"), text(status, "/state/waiting/message"));
    let object = History::pod_name(pod);
    let say = |state: &str, more: &str| Reason::of(object.clone(), format!("{state}: container {container}: {more}"));
    match waiting {
        "ErrImageNeverPull" | "InvalidImageName" => {
            let image = text(status, "/image");
            let more = if message.is_empty() { format!("image \"{image}\"") } else { message.to_owned() };
            Some(doomed(tolerates, waiting, say(waiting, &more)))
        }
        "ErrImagePull" | "ImagePullBackOff" => {
            let reason = say("ErrImagePull", &pull_message(pod, status, snapshot));
            let is_doomed = is_definite_pull_error(&reason.message) || failed_pulls(pod, snapshot) >= 2;
            Some(if is_doomed { doomed(tolerates, "ErrImagePull", reason) } else { Look::Pending(reason) })
        }
        "CreateContainerConfigError" => Some(doomed(tolerates, waiting, say(waiting, message))),
        "CrashLoopBackOff" => {
            let ended = history.last_exit(pod, container).unwrap_or("its process ends");
            let restarts = number(status, "/restartCount", 0);
            let reason = say(waiting, &format!("{ended}, restarted {restarts} times"));
            let is_twice = restarts >= 1 && !history.ended_differently(pod, container);
            Some(if is_twice { doomed(tolerates, waiting, reason) } else { Look::Pending(reason) })
        }
        _ => None,
    }
}

/// `ImagePullBackOff` may say only that it waits; the event has the registry's words then.
fn pull_message(pod: &Value, status: &Value, snapshot: &Snapshot) -> String {
    let message = text(status, "/state/waiting/message");
    if text(status, "/state/waiting/reason") == "ErrImagePull" || is_definite_pull_error(message) {
        return message.to_owned();
    }
    let told = events::about(&snapshot.events, pod)
        .map(|event| text(event, "/message"))
        .find(|told| told.starts_with("Failed to pull image"));
    told.unwrap_or(message).to_owned()
}

/// The registry's answer, or the refusal of the closed local port that the node's containerd is sent to where no
/// registry is reachable: asking again can't change it.
fn is_definite_pull_error(message: &str) -> bool {
    let lower = message.to_lowercase();
    let words = [
        "not found",
        "unauthorized",
        "authorization failed",
        "authentication required",
        "access denied",
        "insufficient_scope",
        "manifest unknown",
        "name unknown",
        "repository does not exist",
        "403 forbidden",
    ];
    let is_local = lower.contains("connection refused") && (lower.contains("127.0.0.1:") || lower.contains("[::1]:"));
    is_local || words.iter().any(|word| lower.contains(word))
}

fn failed_pulls(pod: &Value, snapshot: &Snapshot) -> i64 {
    events::about(&snapshot.events, pod)
        .filter(|event| text(event, "/message").starts_with("Failed to pull image"))
        .map(events::count)
        .sum()
}

/// A running container that answers its readiness probe three times with the same definite 4xx will not change its
/// mind: the path is wrong, or it asks for credentials.
fn refused_readiness(pod: &Value, snapshot: &Snapshot, tolerates: &[String]) -> Option<Look<()>> {
    let is_running =
        list(pod, "/status/containerStatuses").iter().any(|status| status.pointer("/state/running").is_some());
    let refused = events::about(&snapshot.events, pod)
        .filter(|event| text(event, "/reason") == "Unhealthy" && events::count(event) >= 3)
        .map(|event| text(event, "/message"))
        .find(|message| message.starts_with("Readiness probe failed") && is_definite_refusal(message))?;
    let reason = Reason::of(History::pod_name(pod), format!("Unhealthy: {refused}"));
    is_running.then(|| doomed(tolerates, "Unhealthy", reason))
}

fn is_definite_refusal(message: &str) -> bool {
    // 408 and 429 say "later"; 425 too.
    let status = message.rsplit("statuscode: ").next().and_then(|code| code.trim().get(..3));
    status
        .and_then(|code| code.parse::<u16>().ok())
        .is_some_and(|code| (400..500).contains(&code) && !matches!(code, 408 | 425 | 429))
}

fn pending(pod: &Value, snapshot: &Snapshot) -> String {
    let statuses = list(pod, "/status/initContainerStatuses").iter().chain(list(pod, "/status/containerStatuses"));
    let mut waiting = statuses.filter(|status| !text(status, "/state/waiting/reason").is_empty()).map(|status| {
        let (reason, message) = (text(status, "/state/waiting/reason"), text(status, "/state/waiting/message"));
        format!("container {}: {reason} {message}", text(status, "/name")).trim_end().to_owned()
    });
    let state = waiting.next_back().unwrap_or_else(|| unready(pod));
    match events::last_warning(&snapshot.events, pod) {
        Some(warning) => format!("{state} ({warning})"),
        None => state,
    }
}

fn unready(pod: &Value) -> String {
    let why = condition(pod, "Ready").map_or("", |ready| text(ready, "/message"));
    if why.is_empty() { format!("{} is {}", name_of(pod), text(pod, "/status/phase")) } else { why.to_owned() }
}
