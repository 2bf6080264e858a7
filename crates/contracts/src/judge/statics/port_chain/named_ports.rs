//! Ports by name where nothing else tells that they are not there: in network policies and service monitors.

use super::super::{Facts, Finding, Inspected};
use super::declared;
use crate::graph::{Container, Document, PodTemplate, ServicePort, below, path};
use serde_json::Map;

pub(super) fn inspect(facts: &Facts<'_>, inspected: &mut Inspected) {
    for policy in facts.graph.of_kind("NetworkPolicy") {
        inspected.subject(of_policy(facts, policy));
    }
    for monitor in facts.graph.of_kind("ServiceMonitor") {
        inspected.subject(of_monitor(facts, monitor));
    }
}

/// A named port of an ingress rule is one of the pods that the policy is about.
fn of_policy(facts: &Facts<'_>, policy: &Document) -> Vec<Finding> {
    let selector = &policy.value["spec"]["podSelector"];
    let pods = facts.graph.selected_by(selector);
    let containers: Vec<Container<'_>> = pods.iter().flat_map(PodTemplate::containers).collect();
    let ports: Vec<_> = containers.iter().flat_map(Container::ports).collect();
    // A policy for all pods is for those of others, too.
    let is_for_all = selector.as_object().is_none_or(Map::is_empty);
    if pods.is_empty() || is_for_all || facts.graph.may_make_pods() {
        return Vec::new();
    }
    let unknown = named(policy).into_iter().filter(|(_, name)| !ports.iter().any(|port| port.0 == Some(*name)));
    let message = |name: &str| {
        format!("{} port `{name}`: expected a port of the pods it selects, seen {}", policy.target(), declared(&ports))
    };
    unknown.map(|(at, name)| Finding::at(policy, &at, message(name))).collect()
}

fn named(policy: &Document) -> Vec<(Vec<String>, &str)> {
    let rules = policy.value["spec"]["ingress"].as_array().into_iter().flatten().enumerate();
    let ports = rules.flat_map(|(i, rule)| {
        let ports = rule["ports"].as_array().into_iter().flatten().enumerate();
        ports.map(move |(j, port)| (path(["spec", "ingress", &i.to_string(), "ports", &j.to_string(), "port"]), port))
    });
    ports.filter_map(|(at, port)| Some((at, port["port"].as_str()?))).collect()
}

/// A monitor's endpoint names a port of the Services that it selects.
fn of_monitor(facts: &Facts<'_>, monitor: &Document) -> Vec<Finding> {
    let services = facts.graph.services_by(&monitor.value["spec"]["selector"]);
    let ports: Vec<&str> = services.iter().flat_map(|s| ServicePort::all(s)).filter_map(|port| port.name()).collect();
    if services.is_empty() {
        return Vec::new();
    }
    let endpoints = monitor.value["spec"]["endpoints"].as_array().into_iter().flatten().enumerate();
    let named = endpoints.filter_map(|(i, endpoint)| Some((i, endpoint["port"].as_str()?)));
    let message = |name: &str| {
        let seen = ports.join(", ");
        format!("{} port `{name}`: expected a port of the Services it selects, seen {seen}", monitor.target())
    };
    let at = |i: usize| below(&path(["spec", "endpoints"]), &[&i.to_string(), "port"]);
    named
        .filter(|(_, name)| !ports.contains(name))
        .map(|(i, name)| Finding::at(monitor, &at(i), message(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::{SHOP, check_shop as check, findings};

    #[test]
    fn ports_of_a_network_policy() {
        let policy = |port: &str| {
            format!(
                "---\n# Source: shop/templates/policy.yaml\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ \
                 name: shop }}\nspec:\n  podSelector: {{ matchLabels: {{ app: shop }} }}\n  ingress:\n    - ports:\n        - port: \
                 {port}\n"
            )
        };
        check("# more", &policy("http"), "");
        check("# more", &policy("8123"), "");
        check(
            "# more",
            &policy("htp"),
            "port-chain: netpol/shop port `htp`: expected a port of the pods it selects, seen http=8080/TCP, admin=9000/TCP\n  \
             charts/registry/templates/policy.yaml rendered line 64",
        );
    }

    #[test]
    fn ports_of_a_service_monitor() {
        let monitor = |port: &str| {
            let monitor = format!(
                "---\n# Source: shop/templates/monitor.yaml\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: \
                 {{ name: shop }}\nspec:\n  selector: {{ matchLabels: {{ app: shop }} }}\n  endpoints:\n    - port: {port}\n"
            );
            let labelled = SHOP.replacen(
                "  name: shop\nspec:\n  selector:\n    app",
                "  name: shop\n  labels: { app: shop }\nspec:\n  selector:\n    app",
                1,
            );
            findings(&labelled.replace("# more", &monitor))
        };
        assert_eq!(monitor("http"), "");
        assert_eq!(
            monitor("metrics"),
            "port-chain: servicemonitor/shop port `metrics`: expected a port of the Services it selects, seen http, admin\n  \
             charts/registry/templates/monitor.yaml rendered line 64"
        );
    }

    #[test]
    fn a_test_pod_of_the_same_labels_is_no_endpoint() {
        let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: { name: test, labels: { app: shop }, annotations: { helm.sh/hook: test } \
                   }\nspec: { containers: [{ name: wget, image: busybox:1 }] }\n";
        check("# more", pod, "");
        let worker = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: worker }\nspec:\n  selector: { matchLabels: { app: \
                      shop, tier: back } }\n  template:\n    metadata: { labels: { app: shop, tier: back } }\n    spec: { containers: [{ \
                      name: worker, image: acme/worker:1 }] }\n";
        check("# more", worker, "");
    }
}
