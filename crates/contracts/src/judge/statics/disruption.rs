//! `disruption`: a disruption budget guards pods of the release, and lets go of one at least, or no node can be drained.

use super::{Facts, Finding, Inspected, stays};
use crate::graph::{Document, Path, PodTemplate, path};
use serde_json::Value;
use std::collections::HashMap;

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("disruption budgets");
    let mut guarded: HashMap<usize, &Document> = HashMap::new();
    let scaled = scaled(facts);
    for pdb in facts.graph.of_kind("PodDisruptionBudget") {
        let pods = guarded_by(facts, pdb);
        let mut found: Vec<Finding> = Vec::new();
        found.extend(guards_nothing(facts, pdb, &pods).or_else(|| never_lets_go(facts, &scaled, pdb, &pods)));
        found.extend(guarded_twice(pdb, &pods, &guarded));
        for pod in &pods {
            guarded.entry(pod.workload.number).or_insert(pdb);
        }
        inspected.subject(found);
    }
    inspected
}

/// The workloads whose pods a budget selects.
fn guarded_by<'f>(facts: &'f Facts<'_>, pdb: &Document) -> Vec<PodTemplate<'f>> {
    let namespace = facts.namespace_of(pdb);
    let selected = facts.graph.selected_by(&pdb.value["spec"]["selector"]);
    selected.into_iter().filter(|pod| stays(pod) && facts.namespace_of(pod.workload) == namespace).collect()
}

fn guards_nothing(facts: &Facts<'_>, pdb: &Document, pods: &[PodTemplate<'_>]) -> Option<Finding> {
    let message = format!("{}: expected its selector to match pods of the render, seen none", pdb.target());
    (pods.is_empty() && !facts.graph.may_make_pods()).then(|| Finding::at(pdb, &path(["spec", "selector"]), message))
}

fn never_lets_go(facts: &Facts<'_>, scaled: &Scaled<'_>, pdb: &Document, pods: &[PodTemplate<'_>]) -> Option<Finding> {
    let (field, written, why) = of_one_value(pdb).or_else(|| of_replicas(facts, scaled, pdb, pods))?;
    let message =
        format!("{}: expected to let go of a pod, seen {field}: {written} {why}: no node can be drained", pdb.target());
    let at: Path = path(["spec", field]);
    Some(Finding::at(pdb, &at, message))
}

/// Values that let nothing go, however many pods there are.
fn of_one_value(pdb: &Document) -> Option<(&'static str, String, String)> {
    let spec = &pdb.value["spec"];
    let never: [(&'static str, &[&str]); 2] = [("maxUnavailable", &["0", "0%"]), ("minAvailable", &["100%"])];
    never.into_iter().find_map(|(field, values)| {
        let written = plain(spec.get(field)?)?;
        values.contains(&written.as_str()).then(|| (field, written, "of any number of pods".to_owned()))
    })
}

/// As many must stay as there ever are.
fn of_replicas(
    facts: &Facts<'_>,
    scaled: &Scaled<'_>,
    pdb: &Document,
    pods: &[PodTemplate<'_>],
) -> Option<(&'static str, String, String)> {
    let written = plain(pdb.value["spec"].get("minAvailable")?)?;
    let most = pods
        .iter()
        .try_fold(0, |sum: u64, pod| Some(sum.saturating_add(most_replicas(facts, scaled, pod.workload)?)))?;
    let least = match written.strip_suffix('%') {
        Some(percent) => (percent.parse::<u64>().ok()?.saturating_mul(most)).div_ceil(100),
        None => written.parse().ok()?,
    };
    (most > 0 && least >= most).then(|| ("minAvailable", written, format!("of {most}")))
}

/// Kind and name of what is scaled → its autoscaler, the first where there are several.
type Scaled<'f> = HashMap<(&'f str, &'f str), &'f Document>;

fn scaled<'f>(facts: &Facts<'f>) -> Scaled<'f> {
    let mut scaled = Scaled::new();
    for hpa in facts.graph.of_kind("HorizontalPodAutoscaler") {
        let target = &hpa.value["spec"]["scaleTargetRef"];
        if let (Some(kind), Some(name)) = (target["kind"].as_str(), target["name"].as_str()) {
            scaled.entry((kind, name)).or_insert(hpa);
        }
    }
    scaled
}

/// The most pods that a workload ever has; none for what counts its pods by other things.
fn most_replicas(facts: &Facts<'_>, scaled: &Scaled<'_>, workload: &Document) -> Option<u64> {
    if !["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"].contains(&workload.kind()) {
        return None;
    }
    match scaled.get(&(workload.kind(), workload.name())) {
        Some(hpa) => hpa.value["spec"]["maxReplicas"].as_u64(),
        None if facts.graph.of_kind("ScaledObject").next().is_some() => None,
        None => Some(workload.value["spec"]["replicas"].as_u64().unwrap_or(1)),
    }
}

/// The API refuses to evict a pod that two budgets speak for.
fn guarded_twice(pdb: &Document, pods: &[PodTemplate<'_>], guarded: &HashMap<usize, &Document>) -> Option<Finding> {
    let (pod, other) = pods.iter().find_map(|pod| Some((pod, guarded.get(&pod.workload.number)?)))?;
    let (name, workload, other) = (pdb.target(), pod.workload.target(), other.target());
    let message =
        format!("{name}: expected {workload} in one budget, seen it in {other}, too: its pods can't be evicted");
    Some(Finding::at(pdb, &path(["spec", "selector"]), message))
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{SHOP, check_shop as check, findings};

    fn pdb(budget: &str) -> String {
        format!(
            "---\n# Source: shop/templates/pdb.yaml\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{ name: \
             shop }}\nspec:\n  {budget}\n  selector: {{ matchLabels: {{ app: shop }} }}\n"
        )
    }

    fn with(replicas: u64, budget: &str) -> String {
        let spec = format!("name: shop\nspec:\n  replicas: {replicas}\n  selector:\n    matchLabels");
        let shop = SHOP.replace("name: shop\nspec:\n  selector:\n    matchLabels", &spec);
        findings(&shop.replace("# more", &pdb(budget)))
    }

    #[test]
    fn a_budget_that_lets_go() {
        for budget in ["maxUnavailable: 1", "minAvailable: 1", "minAvailable: 50%", "maxUnavailable: 10%"] {
            assert_eq!(with(2, budget), "", "{budget}");
        }
    }

    #[test]
    fn a_budget_that_never_lets_go() {
        let seen = |budget: &str, why: &str| {
            format!(
                "disruption: pdb/shop: expected to let go of a pod, seen {budget} {why}: no node can be drained\n  \
                 charts/registry/templates/pdb.yaml rendered line 62"
            )
        };
        assert_eq!(with(3, "maxUnavailable: 0"), seen("maxUnavailable: 0", "of any number of pods"));
        assert_eq!(with(3, "maxUnavailable: 0%"), seen("maxUnavailable: 0%", "of any number of pods"));
        assert_eq!(with(3, "minAvailable: 100%"), seen("minAvailable: 100%", "of any number of pods"));
        assert_eq!(with(3, "minAvailable: 3"), seen("minAvailable: 3", "of 3"));
        assert_eq!(with(3, "minAvailable: 70%"), seen("minAvailable: 70%", "of 3"));
        assert_eq!(with(1, "minAvailable: 1"), seen("minAvailable: 1", "of 1"));
    }

    #[test]
    fn an_autoscaler_may_make_room() {
        let hpa = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: shop }\nspec: { \
                   scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: shop }, maxReplicas: 3 }\n";
        check("# more", &format!("{}{hpa}", pdb("minAvailable: 1")), "");
    }

    #[test]
    fn a_budget_of_nothing_or_beside_another() {
        check(
            "# more",
            &pdb("maxUnavailable: 1").replace("app: shop", "app: shap"),
            "disruption: pdb/shop: expected its selector to match pods of the render, seen none\n  \
             charts/registry/templates/pdb.yaml rendered line 62",
        );
        let second = pdb("maxUnavailable: 1").replace("name: shop", "name: again");
        check(
            "# more",
            &format!("{}{second}", pdb("maxUnavailable: 1")),
            "disruption: pdb/again: expected deploy/shop in one budget, seen it in pdb/shop, too: its pods can't be \
             evicted\n  charts/registry/templates/pdb.yaml rendered line 70",
        );
    }
}
