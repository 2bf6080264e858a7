//! `stale-config`: a value that changed since the last release reaches the pods that were given the old one. Variables
//! and `subPath` mounts are never renewed in a running pod, so where nothing of the pod template changed with them, the
//! pods go on with the old value. (Mounted folders are renewed; whether a program reads them again is its own affair.)

use super::{Facts, Finding, Inspected};
use crate::graph::{Container, Document, PodTemplate, below};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("config maps and Secrets of the last release");
    let Some(last) = &facts.environment.last_release else { return inspected };
    let takers = takers(facts);
    for kind in ["ConfigMap", "Secret"] {
        for source in facts.graph.of_kind(kind).filter(|source| !source.is_hook()) {
            let Some(old) = facts.before(source) else { continue };
            let changed = changed(old, source);
            let changed = if facts.is_random(source) { BTreeSet::new() } else { changed };
            let pods = takers.get(&(kind, source.name())).into_iter().flatten();
            inspected.subject(pods.filter_map(|pod| stale(facts, source, &changed, pod, &last.name)));
        }
    }
    inspected
}

/// The pods that stay, by the kind and name of what they take.
fn takers<'f>(facts: &Facts<'f>) -> HashMap<(&'static str, &'f str), Vec<PodTemplate<'f>>> {
    let mut takers: HashMap<_, Vec<PodTemplate<'f>>> = HashMap::new();
    for pod in facts.staying_pods() {
        for source in taken(&pod) {
            takers.entry(source).or_default().push(pod.clone());
        }
    }
    takers
}

/// Kind and name of each config map and Secret that a pod names, once.
pub(super) fn taken<'p>(pod: &PodTemplate<'p>) -> BTreeSet<(&'static str, &'p str)> {
    let list = |value: &'p Value| value.as_array().into_iter().flatten();
    let mut taken = BTreeSet::new();
    let mut add = |kind: &'static str, name: &'p Value| taken.extend(name.as_str().map(|name| (kind, name)));
    for container in pod.containers() {
        let variables = list(&container.value["env"]).map(|variable| &variable["valueFrom"]);
        for (from, suffix) in
            list(&container.value["envFrom"]).map(|from| (from, "Ref")).chain(variables.map(|from| (from, "KeyRef")))
        {
            add("ConfigMap", &from[format!("configMap{suffix}")]["name"]);
            add("Secret", &from[format!("secret{suffix}")]["name"]);
        }
    }
    for volume in list(&pod.spec()["volumes"]) {
        add("ConfigMap", &volume["configMap"]["name"]);
        add("Secret", &volume["secret"]["secretName"]);
    }
    taken
}

/// The keys with another value, and those that came or went.
fn changed(old: &Document, new: &Document) -> BTreeSet<String> {
    let parts = ["data", "stringData", "binaryData"];
    let keys = |part: &str| {
        let all = [old, new].map(|document| document.value[part].as_object().into_iter().flatten());
        all.into_iter().flatten().map(|(key, _)| key.clone()).collect::<Vec<_>>()
    };
    let all = parts.iter().flat_map(|part| keys(part).into_iter().map(move |key| (*part, key)));
    all.filter(|(part, key)| old.value[*part].get(key) != new.value[*part].get(key)).map(|(_, key)| key).collect()
}

fn stale(
    facts: &Facts<'_>,
    source: &Document,
    changed: &BTreeSet<String>,
    pod: &PodTemplate<'_>,
    last: &str,
) -> Option<Finding> {
    let workload = pod.workload;
    let key = changed.iter().find(|key| is_fixed_in(pod, source, key))?;
    let before = PodTemplate::of(facts.before(workload)?)?;
    if !before.is_same(pod) || is_watched(workload) || facts.namespace_of(workload) != facts.namespace_of(source) {
        return None;
    }
    let (from, to) = (source.target(), workload.target());
    let message = format!(
        "{from} key {key} has changed since {last}: expected the pods of {to}, which hold it in their environment or by \
         subPath, to be made anew, seen the same pod template (a checksum annotation would change it)"
    );
    let part = ["data", "stringData", "binaryData"].into_iter().find(|part| source.value[*part].get(key).is_some());
    let at = part.map_or_else(|| vec!["metadata".to_owned(), "name".to_owned()], |part| below(&[], &[part, key]));
    Some(Finding::at(source, &at, message))
}

/// Somebody else restarts its pods.
fn is_watched(workload: &Document) -> bool {
    let notes = workload.value["metadata"]["annotations"].as_object().into_iter().flatten();
    notes.into_iter().any(|(key, _)| key.contains("reloader") || key.contains("wave.pusher.com"))
}

/// Whether the pod takes this key once and for all when it starts.
pub(super) fn is_fixed_in(pod: &PodTemplate<'_>, source: &Document, key: &str) -> bool {
    pod.containers()
        .iter()
        .any(|container| in_variables(container, source, key) || by_sub_path(pod, container, source, key))
}

fn in_variables(container: &Container<'_>, source: &Document, key: &str) -> bool {
    let (all, one) =
        if source.kind() == "Secret" { ("secretRef", "secretKeyRef") } else { ("configMapRef", "configMapKeyRef") };
    let is_it = |reference: &Value| reference["name"] == source.name();
    let list = |field: &str| container.value[field].as_array().into_iter().flatten();
    let by_key = |variable: &Value| is_it(&variable["valueFrom"][one]) && variable["valueFrom"][one]["key"] == key;
    list("envFrom").any(|from| is_it(&from[all])) || list("env").any(by_key)
}

fn by_sub_path(pod: &PodTemplate<'_>, container: &Container<'_>, source: &Document, key: &str) -> bool {
    let (field, name) = if source.kind() == "Secret" { ("secret", "secretName") } else { ("configMap", "name") };
    let volumes = pod.spec()["volumes"].as_array().into_iter().flatten();
    let ours: Vec<&Value> = volumes.filter(|volume| volume[field][name] == source.name()).collect();
    let mounts = container.value["volumeMounts"].as_array().into_iter().flatten();
    mounts.filter_map(|mount| Some((mount, mount["subPath"].as_str()?))).any(|(mount, sub)| {
        let volume = ours.iter().find(|volume| volume["name"] == mount["name"]);
        volume.is_some_and(|volume| key_at(&volume[field], sub) == key)
    })
}

/// The key that is mounted at a path.
fn key_at<'v>(source: &'v Value, path: &'v str) -> &'v str {
    let items = source["items"].as_array().into_iter().flatten();
    let item = items.into_iter().find(|item| item["path"] == path);
    item.and_then(|item| item["key"].as_str()).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use crate::fixture::{SHOP, findings_since};

    const TOLD: &str = "stale-config: cm/shop-config key MODE has changed since v1: expected the pods of deploy/shop, which hold it in their \
                        environment or by subPath, to be made anew, seen the same pod template (a checksum annotation would change it)\n  \
                        charts/registry/templates/config.yaml rendered line 54";

    #[test]
    fn a_variable_that_no_pod_learns_of() {
        let slow = SHOP.replace("MODE: fast", "MODE: slow");
        assert_eq!(findings_since(SHOP, SHOP), "");
        assert_eq!(findings_since(SHOP, &slow), TOLD);
    }

    #[test]
    fn what_makes_the_pods_anew() {
        let slow = SHOP.replace("MODE: fast", "MODE: slow");
        assert_eq!(findings_since(SHOP, &slow.replace("acme/shop:1.2.3", "acme/shop:1.2.4")), "");
        let with_sum = slow.replace(
            "      labels:\n        app: shop",
            "      annotations: { checksum/config: b }\n      labels:\n        app: shop",
        );
        assert_eq!(findings_since(SHOP, &with_sum), "");
        let watched = slow.replace(
            "kind: Deployment\nmetadata:\n  name: shop",
            "kind: Deployment\nmetadata:\n  annotations: { reloader.stakater.com/auto: \"true\" }\n  name: shop",
        );
        assert_eq!(findings_since(SHOP, &watched), "");
    }

    #[test]
    fn keys_that_the_pod_does_not_take() {
        let one = |key: &str| {
            SHOP.replace(
                "            - configMapRef: { name: shop-config }",
                "            - configMapRef: { name: other, optional: true }",
            )
            .replace(
                "              value: plain",
                &format!("              valueFrom: {{ configMapKeyRef: {{ name: shop-config, key: {key} }} }}"),
            )
            .replace("  MODE: fast", "  MODE: fast\n  OTHER: a")
        };
        assert_eq!(findings_since(&one("OTHER"), &one("OTHER").replace("MODE: fast", "MODE: slow")), "");
        assert_eq!(findings_since(&one("MODE"), &one("MODE").replace("MODE: fast", "MODE: slow")), TOLD);
    }

    #[test]
    fn mounts_are_renewed_but_by_sub_path() {
        let mounted = |mount: &str| {
            SHOP.replace(
                "            - configMapRef: { name: shop-config }",
                "            - configMapRef: { name: other, optional: true }",
            )
            .replace(
                "          readinessProbe",
                &format!("          volumeMounts: [{{ name: c, mountPath: /c{mount} }}]\n          readinessProbe"),
            )
            .replace(
                "---\n# Source: shop/templates/config",
                "      volumes: [{ name: c, configMap: { name: shop-config } }]\n---\n# Source: shop/templates/config",
            )
        };
        let slow = |mount: &str| mounted(mount).replace("MODE: fast", "MODE: slow");
        assert_eq!(findings_since(&mounted(""), &slow("")), "");
        assert_eq!(
            findings_since(&mounted(", subPath: MODE"), &slow(", subPath: MODE")),
            TOLD.replace("line 54", "line 56")
        );
        assert_eq!(findings_since(&mounted(", subPath: OTHER"), &slow(", subPath: OTHER")), "");
    }
}
