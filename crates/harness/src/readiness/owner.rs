//! Which pods belong to a workload.

use super::json::{list, name_of, text};
use serde_json::Value;

/// Whether a label selector (`matchLabels`, `matchExpressions`) takes an object. An empty selector takes nothing
/// here: no workload has one.
pub(crate) fn selects(selector: &Value, object: &Value) -> bool {
    let labels = object.pointer("/metadata/labels");
    let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
    let pairs = selector.get("matchLabels").and_then(Value::as_object);
    let expressions = list(selector, "/matchExpressions");
    if pairs.is_none_or(serde_json::Map::is_empty) && expressions.is_empty() {
        return false;
    }
    let has_labels = pairs.is_none_or(|pairs| pairs.iter().all(|(key, value)| label(key) == value.as_str()));
    has_labels && expressions.iter().all(|expression| holds(expression, label(text(expression, "/key"))))
}

fn holds(expression: &Value, label: Option<&str>) -> bool {
    let is_listed = || list(expression, "/values").iter().any(|value| value.as_str() == label && label.is_some());
    match text(expression, "/operator") {
        "In" => is_listed(),
        "NotIn" => !is_listed(),
        "Exists" => label.is_some(),
        "DoesNotExist" => label.is_none(),
        _ => false,
    }
}

/// The pods that a workload selects.
pub(super) fn pods_of<'a>(workload: &'a Value, pods: &'a [Value]) -> Vec<&'a Value> {
    let none = Value::Null;
    let selector = workload.pointer("/spec/selector").unwrap_or(&none);
    pods.iter().filter(|pod| selects(selector, pod)).collect()
}

/// The `pod-template-hash` of a Deployment's newest revision, once its replica set is there.
pub(super) fn current_hash<'a>(deployment: &Value, replica_sets: &'a [Value]) -> Option<&'a str> {
    let uid = text(deployment, "/metadata/uid");
    let revision = "/metadata/annotations/deployment.kubernetes.io~1revision";
    replica_sets
        .iter()
        .filter(|set| list(set, "/metadata/ownerReferences").iter().any(|owner| text(owner, "/uid") == uid))
        .max_by_key(|set| text(set, revision).parse::<u64>().unwrap_or(0))
        .map(|set| text(set, "/metadata/labels/pod-template-hash"))
}

/// Whether a pod mounts the claim.
pub(super) fn uses_claim(pod: &Value, claim: &Value) -> bool {
    list(pod, "/spec/volumes").iter().any(|volume| text(volume, "/persistentVolumeClaim/claimName") == name_of(claim))
}
