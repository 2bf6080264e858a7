//! `references`: config maps, Secrets, claims and service accounts that pods name are in the render, with the keys that
//! are asked for.

use super::{Facts, Finding, Inspected};
use crate::graph::{Container, Path, PodTemplate};
use serde_json::Value;

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("references");
    for pod in facts.graph.pod_templates() {
        for reference in references(&pod) {
            inspected.subject(missing(facts, &pod, &reference));
        }
    }
    inspected
}

/// One name that a pod can't do without.
struct Reference {
    kind: &'static str,
    name: String,
    keys: Vec<String>,
    at: Path,
}

fn missing(facts: &Facts<'_>, pod: &PodTemplate<'_>, reference: &Reference) -> Option<Finding> {
    let target = format!("{}/{}", crate::model::Kind::short(reference.kind), reference.name);
    let problem = match facts.graph.find(reference.kind, &reference.name) {
        Some(object) => missing_key(&object.value, &reference.keys)
            .map(|key| format!("expected key `{key}` in {target}, seen none")),
        None if is_made_elsewhere(facts, reference) => None,
        None => Some(format!("expected {target} in the render, seen none of that name")),
    }?;
    let message = format!("{} refers to {target}: {problem}", pod.workload.target());
    Some(Finding::at(facts, pod.workload, &reference.at, message))
}

fn missing_key<'k>(object: &Value, keys: &'k [String]) -> Option<&'k String> {
    let has = |key: &str| ["data", "stringData", "binaryData"].iter().any(|part| object[*part].get(key).is_some());
    keys.iter().find(|key| !has(key))
}

fn is_made_elsewhere(facts: &Facts<'_>, reference: &Reference) -> bool {
    match reference.kind {
        "ServiceAccount" => reference.name == "default",
        "ConfigMap" => reference.name == "kube-root-ca.crt" || facts.graph.has_custom_resources(),
        "PersistentVolumeClaim" => facts.graph.templated_claims().contains(&reference.name),
        // An operator (cert-manager and the like) may make it.
        _ => facts.graph.has_custom_resources(),
    }
}

fn references(pod: &PodTemplate<'_>) -> Vec<Reference> {
    let mut found: Vec<Reference> = service_account(pod).into_iter().collect();
    let volumes = pod.spec()["volumes"].as_array().into_iter().flatten().enumerate();
    found.extend(volumes.flat_map(|(i, volume)| of_volume(volume, &pod.below_spec(["volumes", &i.to_string()]))));
    found.extend(pod.containers().iter().flat_map(of_container));
    found
}

fn service_account(pod: &PodTemplate<'_>) -> Option<Reference> {
    let name = pod.spec()["serviceAccountName"].as_str().filter(|name| !name.is_empty())?.to_owned();
    Some(Reference { kind: "ServiceAccount", name, keys: Vec::new(), at: pod.below_spec(["serviceAccountName"]) })
}

fn of_volume(volume: &Value, at: &Path) -> Vec<Reference> {
    let mut found: Vec<Reference> = [
        named("ConfigMap", &volume["configMap"], "name", &below(at, &["configMap"])),
        named("Secret", &volume["secret"], "secretName", &below(at, &["secret"])),
        named(
            "PersistentVolumeClaim",
            &volume["persistentVolumeClaim"],
            "claimName",
            &below(at, &["persistentVolumeClaim"]),
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    let sources = volume["projected"]["sources"].as_array().into_iter().flatten().enumerate();
    found.extend(sources.flat_map(|(i, source)| {
        let at = below(at, &["projected", "sources", &i.to_string()]);
        let map = named("ConfigMap", &source["configMap"], "name", &below(&at, &["configMap"]));
        map.into_iter().chain(named("Secret", &source["secret"], "name", &below(&at, &["secret"])))
    }));
    found
}

fn of_container(container: &Container<'_>) -> Vec<Reference> {
    let sources = container.value["envFrom"].as_array().into_iter().flatten().enumerate();
    let mut found: Vec<Reference> = Vec::new();
    for (i, source) in sources {
        let at = container.below(["envFrom", &i.to_string()]);
        found.extend(named("ConfigMap", &source["configMapRef"], "name", &below(&at, &["configMapRef"])));
        found.extend(named("Secret", &source["secretRef"], "name", &below(&at, &["secretRef"])));
    }
    let variables = container.value["env"].as_array().into_iter().flatten().enumerate();
    for (i, variable) in variables {
        let at = container.below(["env", &i.to_string(), "valueFrom"]);
        let from = &variable["valueFrom"];
        found.extend(named("ConfigMap", &from["configMapKeyRef"], "name", &below(&at, &["configMapKeyRef"])));
        found.extend(named("Secret", &from["secretKeyRef"], "name", &below(&at, &["secretKeyRef"])));
    }
    found
}

/// A reference that is written and not optional, with the keys it asks for.
fn named(kind: &'static str, source: &Value, field: &str, at: &Path) -> Option<Reference> {
    let name = source[field].as_str().filter(|_| source["optional"] != Value::Bool(true))?.to_owned();
    let items = source["items"].as_array().into_iter().flatten().filter_map(|item| item["key"].as_str());
    let keys = items.chain(source["key"].as_str()).map(str::to_owned).collect();
    Some(Reference { kind, name, keys, at: below(at, &[field]) })
}

fn below(at: &Path, steps: &[&str]) -> Path {
    at.iter().cloned().chain(steps.iter().map(|s| (*s).to_owned())).collect()
}
