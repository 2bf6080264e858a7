//! Charts that break what their contract says about the files: `objects` and `rendered`.

use super::Named;
use crate::case::{Case, Expected, set, without_document};
use crate::chart::{At, Chart, Document};
use serde_json::{Value, json};

pub(super) const OBJECTS: &[Named] = &[
    ("one-more-of-a-kind", |c| {
        let second = |document: &Document| {
            let mut second = document.clone();
            second.value["metadata"]["name"] = json!(format!("{}-two", document.name()));
            second
        };
        let more =
            c.documents.iter().filter(|d| ["ConfigMap", "Secret", "ServiceAccount"].contains(&d.kind())).map(second);
        more.map(|second| Case::nowhere(added(c, second)).by("objects")).collect()
    }),
    ("one-of-another-kind", |c| {
        let other = |value: Value| {
            let document = Document { file: "templates/other.yaml".to_owned(), value, text: None };
            let chart = added(c, document);
            let at = At(chart.documents.len() - 1, Vec::new());
            Case::at(chart, vec![at]).by("objects")
        };
        let quota = json!({ "apiVersion": "v1", "kind": "ResourceQuota", "metadata": c.documents[0].value["metadata"], "spec": { "hard": { "pods": "4" } } });
        vec![other(quota)]
    }),
    ("a-namespace-of-its-own", |c| {
        let value = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": c.documents[0].value["metadata"] });
        let chart = added(c, Document { file: "templates/namespace.yaml".to_owned(), value, text: None });
        let at = At(chart.documents.len() - 1, Vec::new());
        vec![Case::at(chart, vec![at]).by("objects")]
    }),
    ("one-less", |c| {
        let free = ["PodDisruptionBudget", "NetworkPolicy", "Ingress", "RoleBinding"];
        let numbers = (0..c.documents.len()).filter(|number| free.contains(&c.documents[*number].kind()));
        numbers.map(|number| Case::nowhere(without_document(c, number)).by("objects")).collect()
    }),
    ("a-job-left-out", |c| {
        let numbers = (0..c.documents.len()).filter(|number| c.documents[*number].kind() == "Job");
        numbers.map(|number| Case::nowhere(without_document(c, number)).by("objects")).collect()
    }),
];

pub(super) const RENDERED: &[Named] = &[
    ("service-type", |c| {
        let exposed = set(c, "Service", "spec type", |v| (v == "ClusterIP").then(|| json!("LoadBalancer")));
        by("exposure", exposed)
    }),
    ("published-type", |c| {
        by("exposure", set(c, "Service", "spec type", |v| (v == "NodePort").then(|| json!("LoadBalancer"))))
    }),
    ("replicas", |c| {
        let others = [("three-members", "StatefulSet"), ("two-managers", "Deployment")];
        let fewer = |(clause, kind)| by(clause, set(c, kind, "spec replicas", |_| Some(json!(1))));
        others.into_iter().filter(|(clause, _)| c.contract.contains(clause)).flat_map(fewer).collect()
    }),
    ("configuration", |c| by("one-config", set(c, "ConfigMap", "data LOG_LEVEL", |_| Some(json!("debug"))))),
    ("custom-resource", |c| by("berths", set(c, "Ferry", "spec berths", |_| Some(json!(4))))),
    ("concurrency", |c| by("one-at-a-time", set(c, "CronJob", "spec concurrencyPolicy", |_| Some(json!("Allow"))))),
    ("storage", |c| {
        by(
            "room",
            set(c, "PersistentVolumeClaim", "spec resources requests storage", |v| {
                (v == "500Mi").then(|| json!("50Mi"))
            }),
        )
    }),
    ("rights", |c| {
        let is_promised = c.contract.contains("may-only-read");
        let more = set(c, "ClusterRole", "rules * verbs", |_| is_promised.then(|| json!(["get", "list", "delete"])));
        by("may-only-read", more)
    }),
    ("not-kept", |c| {
        by(
            "kept",
            set(c, "PersistentVolumeClaim", "metadata annotations helm.sh/resource-policy", |_| Some(json!("delete"))),
        )
    }),
];

fn by(clause: &str, cases: Vec<Case>) -> Vec<Case> {
    cases.into_iter().map(|case| case.by(clause)).filter(|case| !matches!(case.expected, Expected::Nowhere)).collect()
}

fn added(chart: &Chart, document: Document) -> Chart {
    let mut chart = chart.clone();
    chart.documents.push(document);
    chart
}
