//! Services that select nothing, workloads that don't select their own pods.

use super::{Named, WORKLOADS};
use crate::case::{Case, add, moved, rename, set, sites, with, without};
use crate::chart::{At, Chart};
use serde_json::{Value, json};

pub(super) const MUTANTS: &[Named] = &[
    ("service-selects-another-value", |c| set(c, "Service", "spec selector *", |_| Some(json!("nobody")))),
    ("service-asks-for-a-label-too-many", |c| add(c, "Service", "spec selector", "track", &json!("stable"))),
    ("service-misspells-a-label", |c| {
        ["app", "part", "control-plane", "k8s-agent"]
            .iter()
            .flat_map(|key| rename(c, "Service", &format!("spec selector {key}"), "apq"))
            .collect()
    }),
    ("service-selects-its-own-name", |c| {
        set(c, "Service", "spec selector *", |v| Some(json!(format!("{}-svc", v.as_str()?))))
    }),
    ("workload-selects-another-value", |c| {
        of_selector(set(c, WORKLOADS, "spec selector matchLabels *", |_| Some(json!("nobody"))))
    }),
    ("workload-selects-a-label-too-many", |c| {
        of_selector(add(c, WORKLOADS, "spec selector matchLabels", "release", &json!("stable")))
    }),
    ("workload-excludes-itself", |c| {
        of_selector(set(c, WORKLOADS, "spec selector matchExpressions * operator", |_| Some(json!("NotIn"))))
    }),
    ("pods-lose-a-label", |c| of_pods(c, None)),
    ("pods-change-a-label", |c| of_pods(c, Some(&json!("other")))),
];

/// What is wrong with a workload's selector is shown at the selector.
fn of_selector(cases: Vec<Case>) -> Vec<Case> {
    moved(cases, |at| at.with_path(&["spec", "selector"]))
}

/// A label of the pods that selectors ask for: each of them misses it.
fn of_pods(chart: &Chart, to: Option<&Value>) -> Vec<Case> {
    let labels = sites(chart, "Deployment|StatefulSet|DaemonSet", "@ metadata labels *").into_iter();
    let case = |label: At| {
        let value = chart.get(&label);
        let key = label.1.last()?.clone();
        let mut at: Vec<At> = sites(chart, "Service", &format!("spec selector {key}"))
            .into_iter()
            .filter(|at| chart.get(at) == value && only_pod_of(chart, at, label.0))
            .map(|at| if is_elsewhere(chart, &label) { at.parent() } else { at })
            .collect();
        at.extend(
            sites(chart, WORKLOADS, "spec selector").into_iter().filter(|at| at.0 == label.0 && asks(chart, at, &key)),
        );
        let changed = match to {
            Some(to) => with(chart, &label, to.clone()),
            None => without(chart, &label),
        };
        (!at.is_empty()).then(|| Case::at(changed, at))
    };
    labels.filter_map(case).collect()
}

/// Whether other pods have the same label: then no single one of the selector is to blame.
fn is_elsewhere(chart: &Chart, label: &At) -> bool {
    let same = sites(chart, WORKLOADS, &format!("@ metadata labels {}", label.1.last().expect("a key")));
    same.iter().any(|at| at != label && chart.get(at) == chart.get(label))
}

fn asks(chart: &Chart, selector: &At, key: &str) -> bool {
    let selector = chart.get(selector);
    selector["matchLabels"].get(key).is_some()
        || selector["matchExpressions"].to_string().contains(&format!("\"{key}\""))
}

/// Whether a Service is known to select the pods of this workload.
fn only_pod_of(chart: &Chart, selector: &At, workload: usize) -> bool {
    let selector = chart.get(&selector.parent()).as_object().expect("a selector");
    let labels = &chart.documents[workload].value["spec"]["template"]["metadata"]["labels"];
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}
