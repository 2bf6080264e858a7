//! Changes since the last release that no upgrade can make.

use super::Named;
use crate::case::{Case, Expected, add, moved, set, sites, with};
use crate::chart::{At, Chart};
use serde_json::{Value, json};

const WITH_SELECTOR: &str = "Deployment|StatefulSet|DaemonSet";

pub(super) const MUTANTS: &[Named] = &[
    ("another-selector", |c| {
        let cases = sites(c, WITH_SELECTOR, "spec selector matchLabels").into_iter().map(|selector| {
            let pods = sites(c, WITH_SELECTOR, "@ metadata labels").into_iter().find(|at| at.0 == selector.0);
            let labelled = with(c, &pods.expect("labels").below("ring"), json!("one"));
            Case::at(with(&labelled, &selector.below("ring"), json!("one")), vec![selector.parent()])
        });
        since(c, cases.collect())
    }),
    ("another-governing-service", |c| {
        let other = sites(c, "Service", "metadata name").last().map(|at| c.get(at).clone());
        since(c, set(c, "StatefulSet", "spec serviceName", |_| other.clone()))
    }),
    ("larger-claims-of-a-set", |c| {
        let larger = set(c, "StatefulSet", "spec volumeClaimTemplates * spec resources requests storage", |_| {
            Some(json!("4Gi"))
        });
        since(c, at_the(larger, &["spec", "volumeClaimTemplates"]))
    }),
    ("a-second-claim-of-a-set", |c| {
        let second = |all: &Value| {
            let mut all = all.as_array()?.clone();
            let mut second = all.first()?.clone();
            second["metadata"]["name"] = json!("more");
            all.push(second);
            Some(json!(all))
        };
        since(c, set(c, "StatefulSet", "spec volumeClaimTemplates", second))
    }),
    ("other-order-of-members", |c| {
        let before = of(c, "StatefulSet", &["spec", "podManagementPolicy"], &json!("OrderedReady"));
        before
            .into_iter()
            .flat_map(|last| {
                since(&last, set(&last, "StatefulSet", "spec podManagementPolicy", |_| Some(json!("Parallel"))))
            })
            .collect()
    }),
    ("claim-that-shrinks", |c| {
        since(c, set(c, "PersistentVolumeClaim", "spec resources requests storage", |_| Some(json!("10Mi"))))
    }),
    ("claim-of-another-mode", |c| {
        let many = set(c, "PersistentVolumeClaim", "spec accessModes 0", |_| Some(json!("ReadWriteMany")));
        since(c, at_the(many, &["spec", "accessModes"]))
    }),
    ("claim-of-another-class", |c| {
        let before = of(c, "PersistentVolumeClaim", &["spec", "storageClassName"], &json!("slow"));
        before
            .into_iter()
            .flat_map(|last| {
                since(&last, set(&last, "PersistentVolumeClaim", "spec storageClassName", |_| Some(json!("fast"))))
            })
            .collect()
    }),
    ("secret-of-another-type", |c| {
        let opaque = of(c, "Secret", &["type"], &json!("Opaque"));
        opaque
            .into_iter()
            .flat_map(|last| since(&last, set(&last, "Secret", "type", |_| Some(json!("example.com/other")))))
            .collect()
    }),
    ("binding-of-another-role", |c| {
        let other = set(c, "ClusterRoleBinding", "roleRef name", |_| Some(json!("view")));
        since(c, at_the(other, &["roleRef"]))
    }),
    ("service-without-an-address", |c| {
        let without = add(c, "Service", "spec", "clusterIP", &json!("None"));
        since(c, without.into_iter().filter(|case| is_plain(&case.chart, case)).collect())
    }),
    ("locked-config-that-changes", |c| {
        let locked = of(c, "ConfigMap", &["immutable"], &json!(true));
        locked
            .into_iter()
            .flat_map(|last| {
                let other = set(&last, "ConfigMap", "data *", |v| Some(json!(format!("{}/x", v.as_str()?))));
                since(&last, at_the(other, &["data"]))
            })
            .collect()
    }),
];

/// After a release of the chart as it was.
fn since(last: &Chart, cases: Vec<Case>) -> Vec<Case> {
    cases.into_iter().map(|case| Case { chart: case.chart.after(last), ..case }).collect()
}

/// The chart with a field of all objects of a kind, if there are any.
fn of(chart: &Chart, kind: &str, way: &[&str], value: &Value) -> Option<Chart> {
    let numbers: Vec<usize> =
        (0..chart.documents.len()).filter(|number| chart.documents[*number].kind() == kind).collect();
    let is_any = !numbers.is_empty();
    let at = |number: usize| At(number, Vec::new()).with_path(way);
    let all = numbers.into_iter().fold(chart.clone(), |chart, number| with(&chart, &at(number), value.clone()));
    is_any.then_some(all)
}

/// The verdict points at this field as a whole.
fn at_the(cases: Vec<Case>, way: &[&str]) -> Vec<Case> {
    moved(cases, |at| at.with_path(way))
}

/// Whether a Service has no port of the nodes.
fn is_plain(chart: &Chart, case: &Case) -> bool {
    let Expected::At(all) = &case.expected else { return false };
    let kind = &chart.documents[all[0].0].value["spec"]["type"];
    kind.is_null() || kind == "ClusterIP"
}
