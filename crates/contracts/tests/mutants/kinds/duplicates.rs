//! The same object twice.

use super::Named;
use crate::case::Case;
use crate::chart::{At, Chart, Document};
use serde_json::{Value, json};

pub(super) const MUTANTS: &[Named] = &[
    ("twice-in-a-file", |c| again(c, |second| second)),
    ("again-in-another-file", |c| again(c, |second| Document { file: "templates/more.yaml".to_owned(), ..second })),
    ("again-with-other-labels", |c| {
        again(c, |mut second| {
            second.value["metadata"]["labels"] = json!({ "tier": "other" });
            second
        })
    }),
    ("again-with-its-namespace", |c| {
        let namespace = c.namespace();
        again(c, |mut second| {
            second.value["metadata"]["namespace"] = json!(namespace);
            second
        })
    }),
];

/// Each object that is in a namespace a second time, at the end of the chart.
fn again(chart: &Chart, change: impl Fn(Document) -> Document) -> Vec<Case> {
    let is_whole = |kind: &str| kind.starts_with("Cluster") || kind == "CustomResourceDefinition";
    let is_only = |kind: &str| chart.contract.contains(&format!("\n      {kind}:"));
    let documents = chart.documents.iter().filter(|document| !is_whole(document.kind()) && !is_only(document.kind()));
    let case = |document: &Document| {
        let mut twice = chart.clone();
        twice.documents.push(change(document.clone()));
        let at = At(twice.documents.len() - 1, vec!["metadata".to_owned(), "name".to_owned()]);
        debug_assert_ne!(twice.get(&at), &Value::Null);
        Case::at(twice, vec![at])
    };
    documents.map(case).collect()
}
