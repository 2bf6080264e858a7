//! The objects of a render by kind, by name and by the labels of their pods: each question costs what it asks for, not
//! what the render holds.

use super::{Document, PodTemplate};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// Numbers of documents by what questions ask for.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_kind: HashMap<String, Vec<usize>>,
    by_name: HashMap<String, HashMap<String, Vec<usize>>>,
    /// Those with a pod template.
    pub(super) pods: Vec<usize>,
    by_label: HashMap<String, HashMap<String, Vec<usize>>>,
    /// Claims that `StatefulSets` make: `data-db-0`.
    pub(super) claims: HashSet<String>,
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
                index.add_pod(i, &pod);
            }
            if kind == "StatefulSet" {
                index.claims.extend(claims_of(document));
            }
        }
        index
    }

    fn add_pod(&mut self, i: usize, pod: &PodTemplate<'_>) {
        self.pods.push(i);
        for (key, value) in pod.labels() {
            let values = self.by_label.entry(key.clone()).or_default();
            values.entry(value.as_str().unwrap_or("").to_owned()).or_default().push(i);
        }
    }

    pub(super) fn of_kind(&self, kind: &str) -> &[usize] {
        self.by_kind.get(kind).map_or(&[], Vec::as_slice)
    }

    pub(super) fn named(&self, kind: &str, name: &str) -> &[usize] {
        self.by_name.get(kind).and_then(|names| names.get(name)).map_or(&[], Vec::as_slice)
    }

    /// Those whose pods may have all of the labels: the shortest list of one of them.
    pub(super) fn labelled(&self, selector: &Map<String, Value>) -> &[usize] {
        let list = |(key, value): (&String, &Value)| -> &[usize] {
            let values = self.by_label.get(key).and_then(|values| values.get(value.as_str().unwrap_or("")));
            values.map_or(&[], Vec::as_slice)
        };
        selector.iter().map(list).min_by_key(|list| list.len()).unwrap_or(&self.pods)
    }
}

fn claims_of(set: &Document) -> Vec<String> {
    let replicas = set.value.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1).min(1_000);
    let templates = set.value.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let names = templates.into_iter().flatten().filter_map(|t| t.pointer("/metadata/name")?.as_str());
    names.flat_map(|name| (0..replicas).map(move |i| format!("{name}-{}-{i}", set.name()))).collect()
}
