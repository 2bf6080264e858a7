//! `autoscaling`: each autoscaler has something to scale, and no chart value takes back what it decides.

use super::{Facts, Finding, Inspected};
use crate::graph::{Document, PodTemplate, below, path};
use std::collections::HashMap;

/// Kinds with a scale of their own, and the API version that an autoscaler finds them by.
const SCALABLE: [(&str, &str); 4] =
    [("Deployment", "apps/v1"), ("StatefulSet", "apps/v1"), ("ReplicaSet", "apps/v1"), ("ReplicationController", "v1")];

/// Kinds that can't be scaled at all.
const FIXED: [&str; 4] = ["DaemonSet", "Job", "CronJob", "Pod"];

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("autoscalers");
    let mut scaled: HashMap<(&str, &str, &str), &Document> = HashMap::new();
    for hpa in facts.graph.of_kind("HorizontalPodAutoscaler") {
        let target = &hpa.value["spec"]["scaleTargetRef"];
        let (kind, name) = (target["kind"].as_str().unwrap_or(""), target["name"].as_str().unwrap_or(""));
        let mut found: Vec<Finding> = wrong_target(facts, hpa, kind, name).into_iter().collect();
        let workload = facts.find(kind, name, facts.namespace_of(hpa)).ok();
        found.extend(workload.and_then(|workload| against_replicas(hpa, workload)));
        found.extend(workload.into_iter().flat_map(|workload| unknown_containers(hpa, workload)));
        if let Some(other) = scaled.insert((kind, name, facts.namespace_of(hpa)), hpa) {
            let message =
                format!("{}: expected {kind} {name} for itself, seen {} scale it, too", hpa.target(), other.target());
            found.push(Finding::at(hpa, &path(["spec", "scaleTargetRef"]), message));
        }
        inspected.subject(found);
    }
    inspected
}

fn wrong_target(facts: &Facts<'_>, hpa: &Document, kind: &str, name: &str) -> Option<Finding> {
    let at = |field: &str| path(["spec", "scaleTargetRef", field]);
    let named = format!("{}/{name}", crate::model::Kind::short(kind));
    if FIXED.contains(&kind) {
        let message = format!("{} scales {named}: expected a kind that can be scaled, seen {kind}", hpa.target());
        return Some(Finding::at(hpa, &at("kind"), message));
    }
    let (_, version) = SCALABLE.iter().find(|(known, _)| *known == kind)?;
    let written = hpa.value["spec"]["scaleTargetRef"]["apiVersion"].as_str().unwrap_or("none");
    if written != *version {
        let message = format!("{} scales {named}: expected apiVersion {version}, seen {written}", hpa.target());
        return Some(Finding::at(hpa, &at("apiVersion"), message));
    }
    let seen = facts.find(kind, name, facts.namespace_of(hpa)).err()?;
    let message = format!("{} scales {named}: expected it in the render, seen {seen}", hpa.target());
    (!facts.graph.may_make_pods()).then(|| Finding::at(hpa, &at("name"), message))
}

/// Each upgrade sets `replicas` again, whatever the autoscaler had decided.
fn against_replicas(hpa: &Document, workload: &Document) -> Option<Finding> {
    let replicas = workload.value["spec"]["replicas"].as_u64()?;
    let least = hpa.value["spec"]["minReplicas"].as_u64().unwrap_or(1);
    let most = hpa.value["spec"]["maxReplicas"].as_u64()?;
    if least == most && replicas == least {
        return None;
    }
    let (target, hpa) = (workload.target(), hpa.target());
    let message =
        format!("{target}: expected no `replicas` beside {hpa}, seen {replicas}: each upgrade undoes its scaling");
    Some(Finding::at(workload, &path(["spec", "replicas"]), message))
}

fn unknown_containers(hpa: &Document, workload: &Document) -> Vec<Finding> {
    let Some(pod) = PodTemplate::of(workload) else { return Vec::new() };
    let metrics = hpa.value["spec"]["metrics"].as_array().into_iter().flatten().enumerate();
    let named = metrics.filter_map(|(i, metric)| Some((i, metric["containerResource"]["container"].as_str()?)));
    let unknown = named.filter(|(_, name)| !pod.containers().iter().any(|c| c.name() == *name));
    let finding = |(i, name): (usize, &str)| {
        let at = below(&path(["spec", "metrics"]), &[&i.to_string(), "containerResource", "container"]);
        let message = format!("{}: expected a container of {}, seen `{name}`", hpa.target(), workload.target());
        Finding::at(hpa, &at, message)
    };
    unknown.map(finding).collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_shop as check;

    const HPA: &str = "---\n# Source: shop/templates/hpa.yaml\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n\
                       metadata: { name: shop }\nspec:\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    \
                       name: shop\n  minReplicas: 2\n  maxReplicas: 4\n";

    #[test]
    fn a_target_that_is_there_and_free() {
        check("# more", HPA, "");
        let metrics = "  metrics: [{ type: ContainerResource, containerResource: { name: cpu, container: web, target: { type: \
                       Utilization, averageUtilization: 80 } } }]\n";
        check("# more", &format!("{HPA}{metrics}"), "");
        check(
            "# more",
            &format!("{HPA}{}", metrics.replace("container: web", "container: wib")),
            "autoscaling: hpa/shop: expected a container of deploy/shop, seen `wib`\n  charts/registry/templates/hpa.yaml \
             rendered line 67",
        );
    }

    #[test]
    fn a_target_that_is_not_there() {
        check(
            "# more",
            &HPA.replace("name: shop\n  min", "name: shap\n  min"),
            "autoscaling: hpa/shop scales deploy/shap: expected it in the render, seen none of that name\n  \
             charts/registry/templates/hpa.yaml rendered line 64",
        );
        check(
            "# more",
            &HPA.replace("kind: Deployment", "kind: DaemonSet"),
            "autoscaling: hpa/shop scales ds/shop: expected a kind that can be scaled, seen DaemonSet\n  \
             charts/registry/templates/hpa.yaml rendered line 63",
        );
        check(
            "# more",
            &HPA.replace("apiVersion: apps/v1", "apiVersion: v1"),
            "autoscaling: hpa/shop scales deploy/shop: expected apiVersion apps/v1, seen v1\n  \
             charts/registry/templates/hpa.yaml rendered line 62",
        );
    }

    #[test]
    fn replicas_beside_an_autoscaler() {
        let with = |replicas: u64, hpa: &str| {
            let spec = format!("metadata:\n  name: shop\nspec:\n  replicas: {replicas}\n  selector:\n    matchLabels");
            let shop =
                crate::fixture::SHOP.replace("metadata:\n  name: shop\nspec:\n  selector:\n    matchLabels", &spec);
            crate::fixture::findings(&shop.replace("# more", hpa))
        };
        assert_eq!(
            with(2, HPA),
            "autoscaling: deploy/shop: expected no `replicas` beside hpa/shop, seen 2: each upgrade undoes its scaling\n  \
             charts/registry/templates/deployment.yaml rendered line 24"
        );
        assert_eq!(with(4, &HPA.replace("minReplicas: 2", "minReplicas: 4")), "");
    }

    #[test]
    fn two_autoscalers_of_one_workload() {
        let second = HPA.replace("metadata: { name: shop }", "metadata: { name: again }");
        check(
            "# more",
            &format!("{HPA}{second}"),
            "autoscaling: hpa/again: expected Deployment shop for itself, seen hpa/shop scale it, too\n  \
             charts/registry/templates/hpa.yaml rendered line 73",
        );
    }
}
