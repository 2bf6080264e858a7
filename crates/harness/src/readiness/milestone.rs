//! How far a pod has come, as one look at it shows.

use super::events;
use super::json::{has_condition, list, text};
use seatrial_contracts::judge::expect;
use serde_json::Value;

/// A state that a pod reaches once on its way up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Milestone {
    /// A node was found.
    Scheduled,
    /// Sandbox and network are there.
    Sandbox,
    /// Init containers have ended.
    Initialised,
    /// All containers have been started.
    Started,
    /// All containers are ready.
    ContainersReady,
    /// The pod is ready.
    Ready,
}

const BY_CONDITION: [(Milestone, &str); 5] = [
    (Milestone::Scheduled, "PodScheduled"),
    (Milestone::Sandbox, "PodReadyToStartContainers"),
    (Milestone::Initialised, "Initialized"),
    (Milestone::ContainersReady, "ContainersReady"),
    (Milestone::Ready, "Ready"),
];

/// What this pod has reached by now.
pub(crate) fn milestones(pod: &Value) -> Vec<Milestone> {
    let conditions = BY_CONDITION.into_iter().filter(|(_, name)| has_condition(pod, name, "True"));
    let mut reached: Vec<Milestone> = conditions.map(|(milestone, _)| milestone).collect();
    if are_started(pod) {
        reached.push(Milestone::Started);
    }
    reached
}

fn are_started(pod: &Value) -> bool {
    let statuses = list(pod, "/status/containerStatuses");
    let has_run = |status: &Value| {
        ["/state/running", "/state/terminated", "/lastState/terminated"].iter().any(|at| status.pointer(at).is_some())
    };
    !statuses.is_empty() && statuses.len() >= list(pod, "/spec/containers").len() && statuses.iter().all(has_run)
}

/// How long images were pulled for a pod, in milliseconds, as the kubelet's events say it.
pub(crate) fn pulls_ms(all: &[Value], pod: &Value) -> f64 {
    let pulled = events::about(all, pod).filter(|event| text(event, "/reason") == "Pulled");
    pulled.filter_map(|event| took_ms(text(event, "/message"))).sum()
}

/// `Successfully pulled image "x" in 1.5s (1.5s including waiting)`: an image that was there took no time.
fn took_ms(message: &str) -> Option<f64> {
    let took = message.strip_prefix("Successfully pulled image")?.split_once("\" in ")?.1.split_whitespace().next()?;
    Some(expect::duration(took)?.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(conditions: &[&str], states: &[&str]) -> Value {
        let conditions: Vec<Value> = conditions.iter().map(|kind| json!({ "type": kind, "status": "True" })).collect();
        let statuses: Vec<Value> = states.iter().map(|state| json!({ "state": { *state: {} } })).collect();
        json!({
            "metadata": { "name": "web-0", "uid": "u" },
            "spec": { "containers": [{}, {}] },
            "status": { "conditions": conditions, "containerStatuses": statuses },
        })
    }

    #[test]
    fn a_pod_shows_how_far_it_has_come() {
        use Milestone::{ContainersReady, Initialised, Ready, Sandbox, Scheduled, Started};
        let early = ["PodScheduled", "PodReadyToStartContainers", "Initialized"];
        let all = [&early[..], &["ContainersReady", "Ready"]].concat();
        let table = [
            (pod(&[], &[]), vec![]),
            (pod(&["PodScheduled"], &["waiting", "waiting"]), vec![Scheduled]),
            (pod(&early, &["running", "waiting"]), vec![Scheduled, Sandbox, Initialised]),
            (pod(&early, &["running"]), vec![Scheduled, Sandbox, Initialised]),
            (pod(&early, &["running", "terminated"]), vec![Scheduled, Sandbox, Initialised, Started]),
            (
                pod(&all, &["running", "running"]),
                vec![Scheduled, Sandbox, Initialised, ContainersReady, Ready, Started],
            ),
        ];
        for (pod, expected) in table {
            assert_eq!(milestones(&pod), expected, "{pod}");
        }
    }

    #[test]
    fn pulls_are_told_by_events_of_the_pod() {
        let event = |uid: &str, message: &str| json!({ "reason": "Pulled", "involvedObject": { "uid": uid }, "message": message });
        let events = [
            event("u", "Successfully pulled image \"a\" in 1.5s (1.5s including waiting). Image size: 5 bytes."),
            event("u", "Successfully pulled image \"b\" in 250ms (1.75s including waiting)."),
            event("u", "Container image \"c\" already present on machine"),
            event("other", "Successfully pulled image \"a\" in 9s (9s including waiting)."),
        ];
        assert!((pulls_ms(&events, &pod(&[], &[])) - 1750.0).abs() < 1e-6);
        assert!(pulls_ms(&[], &pod(&[], &[])).abs() < 1e-6);
    }
}
