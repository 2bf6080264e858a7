//! `policy-probes`: who listens says when it is ready, and when it is no more alive.

use super::super::{Facts, Finding, Inspected};

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("containers with ports");
    for pod in facts.staying_pods() {
        for container in pod.running().iter().filter(|container| !container.ports().is_empty()) {
            let missing =
                ["readinessProbe", "livenessProbe"].into_iter().filter(|probe| container.value[*probe].is_null());
            inspected.subject(missing.map(|probe| {
                let (workload, name) = (pod.workload.target(), container.name());
                Finding::at(
                    pod.workload,
                    &container.at,
                    format!("{workload} container {name}: expected a {probe}, seen none"),
                )
            }));
        }
    }
    inspected
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_house as check;

    #[test]
    fn a_container_that_does_not_say_how_it_is() {
        for probe in ["readiness", "liveness"] {
            check(
                &format!("          {probe}Probe: {{ httpGet: {{ path: /, port: http }} }}\n"),
                "",
                &format!(
                    "policy-probes: deploy/shop container web: expected a {probe}Probe, seen none\n  \
                     charts/registry/templates/deployment.yaml rendered line 20"
                ),
            );
        }
    }
}
