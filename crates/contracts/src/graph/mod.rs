//! The object graph of what `helm template` printed: documents with their template and line, the pods that workloads
//! make of them, and the edges between objects. The static clauses ask it, nothing else reads the render.

mod decode;
mod document;
mod pod;
mod provenance;
mod service;
mod values;

pub(crate) use decode::{Flaw, flaws};
pub(crate) use document::{Document, Path, path};
pub(crate) use pod::{Container, PodTemplate};
pub(crate) use service::{ServicePort, labels_text, selects, selects_by};

use crate::model::{Kind, Name, Target};
use serde_json::Value;

/// Every object of one render.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    /// The documents in the order they were printed.
    pub(crate) documents: Vec<Document>,
}

impl Graph {
    /// Reads what `helm template` printed. A document that is no YAML is kept with its error.
    pub(crate) fn read(rendered: &str) -> Self {
        Self { documents: document::split(rendered) }
    }

    /// The documents of a kind.
    pub(crate) fn of_kind<'g, 'k>(&'g self, kind: &'k str) -> impl Iterator<Item = &'g Document> + use<'g, 'k> {
        self.documents.iter().filter(move |d| d.kind() == kind)
    }

    /// The document of this kind and name.
    pub(crate) fn find(&self, kind: &str, name: &str) -> Option<&Document> {
        self.documents.iter().find(|d| d.kind() == kind && d.name() == name)
    }

    /// The pod templates of all workloads, hooks included.
    pub(crate) fn pod_templates(&self) -> Vec<PodTemplate<'_>> {
        self.documents.iter().filter_map(PodTemplate::of).collect()
    }

    /// Whether the render holds objects of kinds that an operator acts on: they may make pods, Secrets and the like.
    pub(crate) fn has_custom_resources(&self) -> bool {
        self.documents.iter().any(Document::is_custom)
    }

    /// Kinds that the chart itself defines.
    pub(crate) fn defined_kinds(&self) -> Vec<String> {
        let crds = self.of_kind("CustomResourceDefinition");
        crds.filter_map(|d| Some(d.value.pointer("/spec/names/kind")?.as_str()?.to_owned())).collect()
    }

    /// The objects that a target names; a port or a path of it plays no part.
    pub(crate) fn named(&self, target: &Target) -> Vec<&Document> {
        let (kind, name) = match target {
            Target::Service { name, .. } => ("Service", name),
            Target::Object { kind: Kind::Named(kind), name } => (kind.as_str(), name),
            Target::Object { kind: Kind::PodTemplates, .. } => {
                return self.documents.iter().filter(|d| PodTemplate::of(d).is_some()).collect();
            }
            Target::Object { kind: Kind::Any, .. } => return self.documents.iter().collect(),
            Target::Ingress { name, .. } => ("Ingress", name),
            Target::Host { .. } => return Vec::new(),
        };
        self.of_kind(kind)
            .filter(|d| matches!(name, Name::All | Name::Only) || *name == Name::Is(d.name().to_owned()))
            .collect()
    }

    /// Claims that `StatefulSets` make from their templates: `data-db-0`.
    pub(crate) fn templated_claims(&self) -> Vec<String> {
        self.of_kind("StatefulSet").flat_map(claims_of).collect()
    }
}

fn claims_of(set: &Document) -> Vec<String> {
    let replicas = set.value.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
    let templates = set.value.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let names = templates.into_iter().flatten().filter_map(|t| t.pointer("/metadata/name")?.as_str());
    names.flat_map(|name| (0..replicas).map(move |i| format!("{name}-{}-{i}", set.name()))).collect()
}

#[cfg(test)]
mod tests;
