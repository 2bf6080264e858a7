//! Autoscalers that scale nothing, or against the chart.

use super::Named;
use crate::case::{Case, moved, set, sites, with};
use crate::chart::{At, Chart};
use serde_json::json;

const KIND: &str = "HorizontalPodAutoscaler";

pub(super) const MUTANTS: &[Named] = &[
    ("target-misspelled", |c| set(c, KIND, "spec scaleTargetRef name", |v| Some(json!(format!("{}-x", v.as_str()?))))),
    ("target-can-not-be-scaled", |c| set(c, KIND, "spec scaleTargetRef kind", |_| Some(json!("DaemonSet")))),
    ("target-of-an-old-version", |c| {
        set(c, KIND, "spec scaleTargetRef apiVersion", |_| Some(json!("extensions/v1beta1")))
    }),
    ("replicas-beside-it", |c| {
        let scaled = sites(c, KIND, "spec scaleTargetRef name").into_iter().flat_map(|name| {
            let is_it = |at: &At| c.get(&at.below("metadata").below("name")) == c.get(&name);
            sites(c, "Deployment", "").into_iter().filter(is_it).collect::<Vec<_>>()
        });
        let replicas = scaled.map(|at| at.below("spec").below("replicas"));
        replicas.map(|at| Case::at(with(c, &at, json!(3)), vec![at])).collect()
    }),
    ("two-for-one", |c| {
        let numbers = (0..c.documents.len()).filter(|number| c.documents[*number].kind() == KIND);
        numbers.map(|number| second(c, number)).collect()
    }),
    ("container-that-is-not-there", |c| {
        let metric = json!({
            "type": "ContainerResource",
            "containerResource": {
                "name": "cpu",
                "container": "nobody",
                "target": { "type": "Utilization", "averageUtilization": 60 },
            },
        });
        let cases = set(c, KIND, "spec metrics 0", |_| Some(metric.clone()));
        moved(cases, |at| at.below("containerResource").below("container"))
    }),
];

fn second(chart: &Chart, number: usize) -> Case {
    let mut twice = chart.clone();
    let mut other = chart.documents[number].clone();
    other.value["metadata"]["name"] = json!(format!("{}-two", chart.documents[number].name()));
    twice.documents.push(other);
    let at = At(twice.documents.len() - 1, vec!["spec".to_owned(), "scaleTargetRef".to_owned()]);
    Case::at(twice, vec![at])
}
