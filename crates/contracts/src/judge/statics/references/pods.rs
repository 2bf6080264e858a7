//! What pods name: config maps, Secrets, claims, service accounts, and the keys that are asked for.

use super::{Reference, to};
use crate::graph::{Container, Path, PodTemplate, below};
use serde_json::Value;

pub(super) fn references(pod: &PodTemplate<'_>) -> Vec<Reference> {
    let account = pod.spec().get("serviceAccountName").or_else(|| pod.spec().get("serviceAccount"));
    let account = account.and_then(|name| to("ServiceAccount", name, pod.below_spec(["serviceAccountName"])));
    let mut found: Vec<Reference> = account.into_iter().collect();
    let pulls = pod.spec()["imagePullSecrets"].as_array().into_iter().flatten().enumerate();
    let pull_at = |i: usize| pod.below_spec(["imagePullSecrets", &i.to_string(), "name"]);
    found.extend(pulls.filter_map(|(i, secret)| to("Secret", &secret["name"], pull_at(i))));
    let volumes = pod.spec()["volumes"].as_array().into_iter().flatten().enumerate();
    found.extend(volumes.flat_map(|(i, volume)| of_volume(volume, &pod.below_spec(["volumes", &i.to_string()]))));
    found.extend(pod.containers().iter().flat_map(of_container));
    found
}

fn of_volume(volume: &Value, at: &Path) -> Vec<Reference> {
    let mut found: Vec<Reference> = [
        named("Secret", &volume["csi"]["nodePublishSecretRef"], "name", &below(at, &["csi", "nodePublishSecretRef"])),
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
    Some(Reference { kind, name, keys, at: below(at, &[field]), ..Reference::default() })
}
