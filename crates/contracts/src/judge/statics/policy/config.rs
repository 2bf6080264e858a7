//! `policy-config-changes`: pods that take a config map or Secret of the chart when they start are made anew when it
//! changes, by a checksum among their annotations or by a watcher.

use super::super::stale_config::{is_fixed_in, taken};
use super::super::{Facts, Finding, Inspected};
use crate::graph::{Document, PodTemplate};
use serde_json::Value;

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("pods with config");
    for pod in facts.staying_pods() {
        // Config maps stand before Secrets.
        let named = taken(&pod).into_iter().flat_map(|(kind, name)| facts.graph.all_named(kind, name));
        let mut taken = named.filter(|source| !source.is_hook() && is_taken(&pod, source));
        if let Some(source) = taken.next() {
            let message = format!(
                "{}: expected an annotation of its pods with a checksum of {}, which they take when they start, seen none",
                pod.workload.target(),
                source.target(),
            );
            inspected.subject((!is_renewed(&pod)).then(|| Finding::at(pod.workload, &pod.at, message)));
        }
    }
    inspected
}

fn is_taken(pod: &PodTemplate<'_>, source: &Document) -> bool {
    let parts = ["data", "stringData", "binaryData"];
    let mut keys = parts.iter().flat_map(|part| source.value[*part].as_object().into_iter().flatten());
    source.value["immutable"] != true && keys.any(|(key, _)| is_fixed_in(pod, source, key))
}

fn is_renewed(pod: &PodTemplate<'_>) -> bool {
    let of_workload = pod.workload.value["metadata"]["annotations"].as_object().into_iter().flatten();
    let mut watchers = of_workload.map(|(key, _)| key.as_str());
    let is_sum = |(key, value): (&String, &Value)| {
        let is_hash = value.as_str().is_some_and(|v| v.len() >= 32 && v.chars().all(|c| c.is_ascii_hexdigit()));
        key.contains("checksum") || key.contains("hash") || is_hash
    };
    pod.annotations().into_iter().flatten().any(is_sum) || watchers.any(|key| key.contains("reloader"))
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_house as check;

    #[test]
    fn pods_that_keep_the_old_config() {
        let told = "policy-config-changes: deploy/shop: expected an annotation of its pods with a checksum of cm/shop-config, \
                    which they take when they start, seen none\n  charts/registry/templates/deployment.yaml rendered line 11";
        check("annotations: { checksum/config: abc }", "annotations: { team: a }", told);
        check("configMapRef: { name: shop-config }", "configMapRef: { name: other, optional: true }", "");
    }
}
