//! The objects of a release, read off what Helm printed.

use crate::readiness::{name_of, text};
use serde::Deserialize;
use serde_json::Value;

/// One rendered object, by what names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ObjectRef {
    /// `apps/v1`.
    pub(crate) api_version: String,
    /// `Deployment`.
    pub(crate) kind: String,
    /// Its namespace, where the manifest writes one.
    pub(crate) namespace: Option<String>,
    /// Its name.
    pub(crate) name: String,
}

impl ObjectRef {
    fn of(object: &Value) -> Self {
        let namespace = text(object, "/metadata/namespace");
        Self {
            api_version: text(object, "/apiVersion").to_owned(),
            kind: text(object, "/kind").to_owned(),
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
            name: name_of(object).to_owned(),
        }
    }
}

/// Every object of a rendered text; documents that don't parse are the static tier's business and passed over.
pub(crate) fn objects(rendered: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(rendered);
    let mut objects = Vec::new();
    for document in documents {
        let Ok(object) = Value::deserialize(document) else { continue };
        match object.get("items").and_then(Value::as_array) {
            Some(items) if text(&object, "/kind").ends_with("List") => objects.extend(items.iter().cloned()),
            _ if object.is_object() => objects.push(object),
            _ => {}
        }
    }
    objects
}

/// Whether Helm runs it as a hook: it is no object of the release.
pub(crate) fn is_hook(object: &Value) -> bool {
    object.pointer("/metadata/annotations/helm.sh~1hook").is_some()
}

/// Whether Helm leaves it at an uninstall.
pub(crate) fn is_kept(object: &Value) -> bool {
    text(object, "/metadata/annotations/helm.sh~1resource-policy") == "keep"
}

/// The objects that Helm installs and removes, less hooks.
pub(crate) fn refs(rendered: &str) -> Vec<ObjectRef> {
    objects(rendered).iter().filter(|object| !is_hook(object)).map(ObjectRef::of).collect()
}

/// `(kind, name)` of all that has a readiness.
pub(crate) fn judged(rendered: &str) -> Vec<(String, String)> {
    let refs = refs(rendered).into_iter().filter(|one| crate::readiness::is_judged(&one.kind));
    refs.map(|one| (one.kind, one.name)).collect()
}

/// Every container image that the rendered workloads start.
pub(crate) fn images(rendered: &str) -> std::collections::BTreeSet<String> {
    let mut images = std::collections::BTreeSet::new();
    for object in objects(rendered) {
        collect_images(&object, &mut images);
    }
    images
}

fn collect_images(value: &Value, images: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let is_list = key == "containers" || key == "initContainers";
                let containers = inner.as_array().filter(|_| is_list).map_or(&[][..], Vec::as_slice);
                images
                    .extend(containers.iter().map(|one| text(one, "/image").to_owned()).filter(|one| !one.is_empty()));
                collect_images(inner, images);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_images(item, images)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RENDERED: &str = r#"---
# Source: x/templates/deploy.yaml
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: n }
spec: { template: { spec: { initContainers: [{ name: i, image: "init:1" }], containers: [{ name: c, image: "web:2" }] } } }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, annotations: { helm.sh/resource-policy: keep } }
---
apiVersion: v1
kind: Pod
metadata: { name: test, annotations: { helm.sh/hook: test } }
spec: { containers: [{ name: c, image: "test:1" }] }
---
"#;

    #[test]
    fn hooks_are_no_objects_of_the_release() {
        let judged = judged(RENDERED);
        let names: Vec<String> = judged.iter().map(|(kind, name)| format!("{kind}/{name}")).collect();
        assert_eq!(names, ["Deployment/web", "PersistentVolumeClaim/data"]);
    }

    #[test]
    fn images_are_found_in_hooks_and_init_containers_too() {
        assert_eq!(images(RENDERED).into_iter().collect::<Vec<_>>(), ["init:1", "test:1", "web:2"]);
    }

    #[test]
    fn kept_objects_are_known_by_their_annotation() {
        let kept: Vec<_> = objects(RENDERED).into_iter().filter(is_kept).collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(name_of(&kept[0]), "data");
    }
}
