//! The object graph of what `helm template` printed: documents with their template and line, the pods that workloads
//! make of them, and the edges between objects. The static clauses ask it, nothing else reads the render.

mod backend;
mod custom;
mod decode;
mod document;
mod index;
mod pod;
mod provenance;
mod refused;
mod rights;
mod service;
mod values;

pub(crate) use backend::Backend;
pub(crate) use decode::{Flaw, flaws};
pub(crate) use document::{Document, Path, below, path};
pub(crate) use pod::{Container, PodTemplate};
pub(crate) use service::{ServicePort, labels_text, selects, selects_by};

use crate::model::{Kind, Name, Target};
use index::Index;
use serde_json::{Map, Value};
use std::sync::Arc;

/// More claims than a release has; `replicas` is a number like any other.
const MOST_CLAIMS: usize = 10_000;

/// Every object of one render.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// The documents in the order they were printed.
    pub(crate) documents: Vec<Document>,
    index: Index,
    custom: custom::Custom,
}

impl Graph {
    /// Reads what `helm template` printed. A document that is no YAML is kept with its error.
    #[cfg(test)]
    pub(crate) fn read(rendered: &str) -> Self {
        Self::read_shared(&Arc::from(rendered))
    }

    /// The same of a text that others hold, too.
    pub(crate) fn read_shared(rendered: &Arc<str>) -> Self {
        let documents = document::split(rendered);
        let index = Index::of(&documents);
        let custom = custom::Custom::of(&documents, &index);
        Self { documents, index, custom }
    }

    /// The documents of a kind.
    pub(crate) fn of_kind<'g>(&'g self, kind: &str) -> impl Iterator<Item = &'g Document> + use<'g> {
        self.index.of_kind(kind).iter().map(|i| &self.documents[*i])
    }

    /// The documents of this kind and name, in whatever namespace.
    pub(crate) fn all_named<'g>(&'g self, kind: &str, name: &str) -> impl Iterator<Item = &'g Document> + use<'g> {
        self.index.named(kind, name).iter().map(|i| &self.documents[*i])
    }

    /// The document of this kind and name.
    pub(crate) fn find(&self, kind: &str, name: &str) -> Option<&Document> {
        self.all_named(kind, name).next()
    }

    /// The pod templates of all workloads, hooks included.
    pub(crate) fn pod_templates(&self) -> impl Iterator<Item = PodTemplate<'_>> {
        self.index.pods.iter().filter_map(|i| PodTemplate::of(&self.documents[*i]))
    }

    /// The pod templates that have all labels of a plain selector.
    pub(crate) fn selected<'g>(&'g self, selector: &Map<String, Value>) -> Vec<PodTemplate<'g>> {
        let pods = self.index.pod_labels.near(selector).iter().filter_map(|i| PodTemplate::of(&self.documents[*i]));
        pods.filter(|pod| selects(selector, pod.labels())).collect()
    }

    /// The pod templates that a selector with `matchLabels` and `matchExpressions` matches.
    pub(crate) fn selected_by<'g>(&'g self, selector: &Value) -> Vec<PodTemplate<'g>> {
        let near = self.index.pod_labels.near_by(selector);
        let pods = near.iter().filter_map(|i| PodTemplate::of(&self.documents[*i]));
        pods.filter(|pod| selects_by(selector, pod.labels())).collect()
    }

    /// The Services whose own labels such a selector matches.
    pub(crate) fn services_by<'g>(&'g self, selector: &Value) -> Vec<&'g Document> {
        let near = self.index.service_labels.near_by(selector).iter().map(|i| &self.documents[*i]);
        near.filter(|service| selects_by(selector, service.labels())).collect()
    }

    /// Whether a program may make an object of this kind and name: an operator, or one of the render's own.
    pub(crate) fn may_be_made(&self, kind: &str, name: &str) -> bool {
        self.custom.may_make(kind, name)
    }

    /// Whether pods may come that no workload of the render makes.
    pub(crate) fn may_make_pods(&self) -> bool {
        self.custom.may_make_pods()
    }

    /// Whether the chart itself defines this kind.
    pub(crate) fn is_defined(&self, kind: &str) -> bool {
        self.custom.defined.contains(kind)
    }

    /// The objects that a target names; a port or a path of it plays no part.
    pub(crate) fn named(&self, target: &Target) -> Vec<&Document> {
        let (kind, name) = match target {
            Target::Service { name, .. } => ("Service", name),
            Target::Object { kind: Kind::Named(kind), name } | Target::Pod { kind, name, .. } => (kind.as_str(), name),
            Target::Object { kind: Kind::PodTemplates, .. } => {
                return self.pod_templates().map(|pod| pod.workload).collect();
            }
            Target::Object { kind: Kind::Any, .. } => return self.documents.iter().collect(),
            Target::Ingress { name, .. } => ("Ingress", name),
            Target::Host { .. } => return Vec::new(),
        };
        match name {
            Name::All | Name::Only => self.of_kind(kind).collect(),
            Name::Is(name) => self.all_named(kind, name).collect(),
        }
    }

    /// Whether a `StatefulSet` makes this claim from its templates: `data-db-0`.
    pub(crate) fn is_templated_claim(&self, name: &str) -> bool {
        let Some((claim, number)) = name.rsplit_once('-') else { return false };
        let replicas = self.index.claims.get(claim);
        let is_of = |number: u64, replicas: u64| number < replicas && name.ends_with(&format!("-{number}"));
        replicas.zip(number.parse().ok()).is_some_and(|(replicas, number)| is_of(number, *replicas))
    }

    /// Claims that `StatefulSets` make from their templates, in order.
    pub(crate) fn templated_claims(&self) -> Vec<String> {
        let all = self.index.claims.iter();
        let numbered = all.flat_map(|(claim, replicas)| (0..*replicas).map(move |i| format!("{claim}-{i}")));
        let mut claims: Vec<String> = numbered.take(MOST_CLAIMS).collect();
        claims.sort();
        claims
    }
}

#[cfg(test)]
mod tests;
