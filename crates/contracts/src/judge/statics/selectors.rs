//! `selectors`: each Service selects some pods, each workload its own.

use super::{Facts, Finding, Inspected};
use crate::graph::{Document, PodTemplate, labels_text, path, selects, selects_by};
use serde_json::{Map, Value};

/// Workloads whose labels are told where a Service matches none of them.
const MOST_TOLD: usize = 5;

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("selectors");
    for service in facts.graph.of_kind("Service") {
        if let Some(selector) = selector_of(service) {
            let found = if inspected.is_full() { None } else { unmatched(facts, service, selector) };
            inspected.subject(found);
        }
    }
    let has_selector =
        |pod: &PodTemplate<'_>| pod.workload.value.pointer("/spec/selector").is_some_and(Value::is_object);
    for pod in facts.graph.pod_templates().filter(has_selector) {
        inspected.subject(not_its_own(&pod));
    }
    inspected
}

/// The selector of a Service that has pods behind it.
pub(super) fn selector_of(service: &Document) -> Option<&Map<String, Value>> {
    let is_external = service.value.pointer("/spec/type").and_then(Value::as_str) == Some("ExternalName");
    let selector = service.value.pointer("/spec/selector").and_then(Value::as_object);
    selector.filter(|selector| !selector.is_empty() && !is_external)
}

fn unmatched(facts: &Facts<'_>, service: &Document, selector: &Map<String, Value>) -> Option<Finding> {
    // An operator, or a program of the chart, may make the pods.
    if facts.graph.may_make_pods() || !facts.graph.selected(selector).is_empty() {
        return None;
    }
    let pods: Vec<PodTemplate<'_>> = facts.graph.pod_templates().collect();
    let told = pods.iter().take(MOST_TOLD);
    let seen = told.map(|pod| format!("{} has {}", pod.workload.target(), telling(selector, pod.labels())));
    let seen = seen.collect::<Vec<_>>().join("; ");
    let more = pods.len().checked_sub(MOST_TOLD).filter(|n| *n > 0).map(|n| format!("; and {n} more"));
    let seen = if seen.is_empty() { "no pod template at all".to_owned() } else { seen };
    let (name, wanted) = (service.target(), labels_text(selector));
    let more = more.unwrap_or_default();
    let message = format!("{name} selects {wanted}: expected to match a pod template, seen {seen}{more}");
    let first = differing(selector, &pods);
    let at = first.map_or_else(|| path(["spec", "selector"]), |key| path(["spec", "selector", key]));
    Some(Finding::at(service, &at, message))
}

/// The labels that the selector asks for, or all where there is none of them.
fn telling(selector: &Map<String, Value>, labels: &Map<String, Value>) -> String {
    let asked: Map<String, Value> =
        labels.iter().filter(|(key, _)| selector.contains_key(*key)).map(|(k, v)| (k.clone(), v.clone())).collect();
    labels_text(if asked.is_empty() { labels } else { &asked })
}

/// The first label that no pod template has.
fn differing<'a>(selector: &'a Map<String, Value>, pods: &[PodTemplate<'_>]) -> Option<&'a str> {
    let is_nowhere = |(key, value): &(&String, &Value)| !pods.iter().any(|p| p.labels().get(*key) == Some(*value));
    selector.iter().find(is_nowhere).map(|(key, _)| key.as_str())
}

fn not_its_own(pod: &PodTemplate<'_>) -> Option<Finding> {
    let selector = pod.workload.value.pointer("/spec/selector")?;
    let is_plain = pod.workload.kind() == "ReplicationController";
    let matches = match selector.as_object() {
        Some(plain) if is_plain => selects(plain, pod.labels()),
        _ => selects_by(selector, pod.labels()),
    };
    let labels = labels_text(pod.labels());
    let message = format!("{}: expected its selector to match its own pods, seen {labels}", pod.workload.target());
    (!matches).then(|| Finding::at(pod.workload, &path(["spec", "selector"]), message))
}
