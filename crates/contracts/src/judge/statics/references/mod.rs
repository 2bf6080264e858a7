//! `references`: what objects name is in the render: config maps and Secrets with their keys, claims, service accounts,
//! Services, roles.

mod objects;
mod pods;

use super::{Elsewhere, Facts, Finding, Inspected};
use crate::graph::{Document, Path};
use crate::model::Kind;
use serde_json::Value;

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("references");
    for pod in facts.graph.pod_templates() {
        for reference in pods::references(&pod) {
            inspected.subject(missing(facts, pod.workload, &reference));
        }
    }
    for document in &facts.graph.documents {
        for reference in objects::references(facts, document) {
            inspected.subject(missing(facts, document, &reference));
        }
    }
    inspected
}

/// One name that an object can't do without.
#[derive(Debug, Default)]
struct Reference {
    kind: &'static str,
    name: String,
    /// The namespace, where it is written beside the name.
    namespace: Option<String>,
    keys: Vec<String>,
    at: Path,
}

fn missing(facts: &Facts<'_>, from: &Document, reference: &Reference) -> Option<Finding> {
    let target = format!("{}/{}", Kind::short(reference.kind), reference.name);
    let namespace = reference.namespace.as_deref().unwrap_or_else(|| facts.namespace_of(from));
    let problem = match facts.find(reference.kind, &reference.name, namespace) {
        Ok(object) => wrong(from, object, &reference.keys, &target),
        Err(_) if facts.is_given(reference.kind, &reference.name, &reference.keys) => None,
        Err(seen) if is_made_elsewhere(facts, reference, &seen) => None,
        Err(seen) => Some(format!("expected {target} in the render, seen {seen}")),
    }?;
    let message = format!("{} refers to {target}: {problem}", from.target());
    Some(Finding::at(from, &reference.at, message))
}

fn wrong(from: &Document, object: &Document, keys: &[String], target: &str) -> Option<String> {
    if let Some(key) = missing_key(object, keys) {
        return Some(format!("expected key `{key}` in {target}, seen none"));
    }
    let is_early = from.hooks().any(|event| event == "pre-install");
    let is_late = is_early && !object.hooks().any(|event| event == "pre-install");
    is_late.then(|| format!("expected a hook that is made before this pre-install hook, seen {target} made after it"))
}

fn missing_key<'k>(object: &Document, keys: &'k [String]) -> Option<&'k String> {
    // A controller fills it in.
    if object.value["type"] == "kubernetes.io/service-account-token" {
        return None;
    }
    let parts = ["data", "stringData", "binaryData"];
    let has = |key: &str| parts.iter().any(|part| object.value[*part].get(key).is_some());
    keys.iter().find(|key| !has(key))
}

fn is_made_elsewhere(facts: &Facts<'_>, reference: &Reference, seen: &Elsewhere) -> bool {
    // What else a foreign namespace holds is not known.
    let is_foreign = seen.wanted != facts.environment.release.namespace && !facts.writes_namespace(&seen.wanted);
    if is_foreign && seen.namespaces.is_empty() {
        return true;
    }
    match reference.kind {
        "ServiceAccount" if reference.name == "default" => true,
        "ConfigMap" if reference.name == "kube-root-ca.crt" => true,
        "PersistentVolumeClaim" if facts.graph.is_templated_claim(&reference.name) => true,
        // An operator (cert-manager and the like) may make it, or a job of the chart.
        _ => facts.graph.may_be_made(reference.kind, &reference.name),
    }
}

/// A reference to an object that is named by one field.
fn to(kind: &'static str, name: &Value, at: Path) -> Option<Reference> {
    let name = name.as_str().filter(|name| !name.is_empty())?.to_owned();
    Some(Reference { kind, name, at, ..Reference::default() })
}
