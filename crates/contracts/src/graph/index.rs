//! The objects of a render by kind, by name and by the labels of their pods: each question costs what it asks for, not
//! what the render holds.

use super::{Document, PodTemplate};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Numbers of documents by what questions ask for.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_kind: HashMap<String, Vec<usize>>,
    by_name: HashMap<String, HashMap<String, Vec<usize>>>,
    /// Those with a pod template.
    pub(super) pods: Vec<usize>,
    /// Their labels, those of their pods.
    pub(super) pod_labels: Labels,
    /// The Services by their own labels.
    pub(super) service_labels: Labels,
    /// Claims that `StatefulSets` make, without their number: `data-db` → how many.
    pub(super) claims: HashMap<String, u64>,
}

impl Index {
    pub(super) fn of(documents: &[Document]) -> Self {
        let mut index = Self::default();
        for (i, document) in documents.iter().enumerate() {
            let kind = document.kind();
            index.by_kind.entry(kind.to_owned()).or_default().push(i);
            let names = index.by_name.entry(kind.to_owned()).or_default();
            names.entry(document.name().to_owned()).or_default().push(i);
            if let Some(pod) = PodTemplate::of(document) {
                index.pods.push(i);
                index.pod_labels.add(i, pod.labels());
            }
            if kind == "Service" {
                index.service_labels.add(i, document.labels());
            }
            if kind == "StatefulSet" {
                for (claim, replicas) in claims_of(document) {
                    let known = index.claims.entry(claim).or_default();
                    *known = replicas.max(*known);
                }
            }
        }
        index
    }

    pub(super) fn of_kind(&self, kind: &str) -> &[usize] {
        self.by_kind.get(kind).map_or(&[], Vec::as_slice)
    }

    pub(super) fn named(&self, kind: &str, name: &str) -> &[usize] {
        self.by_name.get(kind).and_then(|names| names.get(name)).map_or(&[], Vec::as_slice)
    }
}

/// Numbers of documents by each label.
#[derive(Debug, Default)]
pub(super) struct Labels {
    all: Vec<usize>,
    by_label: HashMap<String, HashMap<String, Vec<usize>>>,
}

impl Labels {
    fn add(&mut self, i: usize, labels: &Map<String, Value>) {
        self.all.push(i);
        for (key, value) in labels {
            let values = self.by_label.entry(key.clone()).or_default();
            values.entry(value.as_str().unwrap_or("").to_owned()).or_default().push(i);
        }
    }

    /// Those that may have all of the labels: the shortest list of one of them.
    pub(super) fn near(&self, selector: &Map<String, Value>) -> &[usize] {
        let list = |(key, value): (&String, &Value)| -> &[usize] {
            let values = self.by_label.get(key).and_then(|values| values.get(value.as_str().unwrap_or("")));
            values.map_or(&[], Vec::as_slice)
        };
        selector.iter().map(list).min_by_key(|list| list.len()).unwrap_or(&self.all)
    }

    /// The same of a selector with `matchLabels` and `matchExpressions`.
    pub(super) fn near_by(&self, selector: &Value) -> &[usize] {
        let labels = selector.get("matchLabels").and_then(Value::as_object);
        labels.map_or(&self.all[..], |labels| self.near(labels))
    }
}

fn claims_of(set: &Document) -> impl Iterator<Item = (String, u64)> {
    let replicas = set.value.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
    let templates = set.value.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let names = templates.into_iter().flatten().filter_map(|t| t.pointer("/metadata/name")?.as_str());
    names.map(move |name| (format!("{name}-{}", set.name()), replicas))
}
