//! `policy-resources`: each container says what it needs, and how much memory it may take at most.

use super::super::{Facts, Finding, Inspected};
use crate::graph::{Container, PodTemplate};

/// What is asked for. A limit of CPU is none of it: it makes slow what could be fast.
const ASKED: [(&str, &str); 3] = [("requests", "cpu"), ("requests", "memory"), ("limits", "memory")];

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("containers");
    for pod in facts.graph.pod_templates().filter(|pod| !pod.workload.hooks().any(|event| event == "test")) {
        for container in pod.containers() {
            inspected.subject(missing(&pod, &container));
        }
    }
    inspected
}

fn missing(pod: &PodTemplate<'_>, container: &Container<'_>) -> Vec<Finding> {
    let resources = &container.value["resources"];
    // A limit stands for a request that is not written.
    let is_there = |list: &str, what: &str| {
        !resources[list][what].is_null() || (list == "requests" && !resources["limits"][what].is_null())
    };
    let missing = ASKED.into_iter().filter(|(list, what)| !is_there(list, what));
    let at = if resources.is_null() { container.at.clone() } else { container.below(["resources"]) };
    let (workload, name) = (pod.workload.target(), container.name());
    let message = |list, what| format!("{workload} container {name}: expected resources.{list}.{what}, seen none");
    missing.map(|(list, what)| Finding::at(pod.workload, &at, message(list, what))).collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_house as check;

    #[test]
    fn a_container_that_may_take_all() {
        let told = |field: &str| {
            format!(
                "policy-resources: deploy/shop container web: expected resources.{field}, seen none\n  \
                 charts/registry/templates/deployment.yaml rendered line 27"
            )
        };
        check("limits: { memory: 128Mi }", "limits: { cpu: 1 }", &told("limits.memory"));
        check("requests: { cpu: 100m, memory: 64Mi }", "requests: { memory: 64Mi }", &told("requests.cpu"));
        check("requests: { cpu: 100m, memory: 64Mi }", "requests: { cpu: 100m }", "");
    }
}
