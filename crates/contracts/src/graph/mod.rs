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
        let (index, custom) = (Index::of(&documents), custom::Custom::of(&documents));
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
        let pods = self.index.labelled(selector).iter().filter_map(|i| PodTemplate::of(&self.documents[*i]));
        pods.filter(|pod| selects(selector, pod.labels())).collect()
    }

    /// Whether an operator may make an object of this kind and name, by what the render asks of it.
    pub(crate) fn may_be_made(&self, kind: &str, name: &str) -> bool {
        self.custom.may_make(kind, name)
    }

    /// Whether the render holds objects that an operator may make pods of.
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
            Target::Object { kind: Kind::Named(kind), name } => (kind.as_str(), name),
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
        self.index.claims.contains(name)
    }

    /// Claims that `StatefulSets` make from their templates, in order.
    pub(crate) fn templated_claims(&self) -> Vec<String> {
        let mut claims: Vec<String> = self.index.claims.iter().cloned().collect();
        claims.sort();
        claims
    }
}

#[cfg(test)]
mod tests;
