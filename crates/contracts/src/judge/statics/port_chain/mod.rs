//! `port-chain`: from the host port over the Service to a port of a container, by number and by name.

mod backends;
mod named_ports;

pub(super) use backends::numbered;

use super::selectors::selector_of;
use super::{Facts, Finding, Inspected};
use crate::graph::{Container, Document, PodTemplate, ServicePort};
use crate::model::Target;
use crate::plan::addressed;
use serde_json::Value;

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("ports");
    for service in facts.graph.of_kind("Service") {
        service_ports(facts, service, &mut inspected);
    }
    for pod in facts.graph.pod_templates() {
        for container in pod.containers() {
            probes(&pod, &container, &mut inspected);
        }
    }
    backends::inspect(facts, &mut inspected);
    named_ports::inspect(facts, &mut inspected);
    targets(facts, &mut inspected);
    inspected
}

fn service_ports(facts: &Facts<'_>, service: &Document, inspected: &mut Inspected) {
    let Some(selector) = selector_of(service) else { return };
    let namespace = facts.namespace_of(service);
    let selected: Vec<PodTemplate<'_>> =
        facts.graph.selected(selector).into_iter().filter(|pod| stays(facts, pod, namespace)).collect();
    for port in ServicePort::all(service) {
        // Pods beside the one that is meant (a worker of the same labels) are no endpoints of a named port.
        let missing: Vec<Option<Finding>> = selected.iter().map(|pod| no_such_port(service, &port, pod)).collect();
        let is_anywhere = missing.iter().any(Option::is_none);
        inspected.subject(missing.into_iter().flatten().filter(|_| !is_anywhere));
    }
}

/// Test pods and jobs often have the labels of what they are about, and are not what a Service is for.
fn stays(facts: &Facts<'_>, pod: &PodTemplate<'_>, namespace: &str) -> bool {
    !pod.workload.is_hook()
        && !matches!(pod.workload.kind(), "Job" | "CronJob")
        && facts.namespace_of(pod.workload) == namespace
}

fn no_such_port(service: &Document, port: &ServicePort<'_>, pod: &PodTemplate<'_>) -> Option<Finding> {
    let running = pod.running();
    let ports: Vec<_> = running.iter().flat_map(Container::ports).collect();
    let is_there = match port.target() {
        Value::String(name) => ports.iter().any(|p| p.0 == Some(name.as_str()) && p.2 == port.protocol()),
        number => ports.iter().any(|p| Some(p.1) == number.as_u64() && p.2 == port.protocol()),
    };
    // A container need not declare its ports: then a number can't be judged.
    if is_there || (ports.is_empty() && !port.target().is_string()) {
        return None;
    }
    let wanted = port.target().as_str().map_or_else(|| port.target().to_string(), |name| format!("`{name}`"));
    let message = format!(
        "{} port {} → targetPort {wanted}: expected a container port of {}, seen {}",
        service.target(),
        label(port),
        pod.workload.target(),
        declared(&ports),
    );
    let at = if port.value["targetPort"].is_null() { port.at.clone() } else { port.below("targetPort") };
    Some(Finding::at(service, &at, message))
}

fn label(port: &ServicePort<'_>) -> String {
    port.name().map_or_else(|| port.value["port"].to_string(), str::to_owned)
}

fn declared(ports: &[(Option<&str>, u64, &str)]) -> String {
    let text = |(name, number, protocol): &(Option<&str>, u64, &str)| match name {
        Some(name) => format!("{name}={number}/{protocol}"),
        None => format!("{number}/{protocol}"),
    };
    if ports.is_empty() { "none".to_owned() } else { ports.iter().map(text).collect::<Vec<_>>().join(", ") }
}

/// Probes and hooks that name a port name one of their own container.
fn probes(pod: &PodTemplate<'_>, container: &Container<'_>, inspected: &mut Inspected) {
    const PROBES: [&[&str]; 5] = [
        &["livenessProbe"],
        &["readinessProbe"],
        &["startupProbe"],
        &["lifecycle", "postStart"],
        &["lifecycle", "preStop"],
    ];
    for probe in PROBES {
        for action in ["httpGet", "tcpSocket"] {
            let at: Vec<String> = probe.iter().chain(&[action, "port"]).map(|s| (*s).to_owned()).collect();
            let port = at.iter().try_fold(container.value, |value, step| value.get(step));
            if let Some(port) = port {
                let at = container.at.iter().cloned().chain(at).collect();
                inspected.subject(unnamed(pod, container, probe, port, &at));
            }
        }
    }
}

fn unnamed(
    pod: &PodTemplate<'_>,
    container: &Container<'_>,
    probe: &[&str],
    port: &Value,
    at: &crate::graph::Path,
) -> Option<Finding> {
    let name = port.as_str()?;
    let ports = container.ports();
    if ports.iter().any(|p| p.0 == Some(name)) {
        return None;
    }
    let message = format!(
        "{} of {} container {} → port `{name}`: expected a port of that container, seen {}",
        probe.join("."),
        pod.workload.target(),
        container.name(),
        declared(&ports),
    );
    Some(Finding::at(pod.workload, at, message))
}

/// Service ports that clauses address exist, and a published one can be reached from the host.
fn targets(facts: &Facts<'_>, inspected: &mut Inspected) {
    for target in addressed(facts.environment) {
        if let Target::Pod { port: crate::model::PortRef::Name(name), .. } = &target {
            inspected.subject(unnamed_in_pods(facts, &target, name));
        }
        let Some((service, port)) = service_of(facts, &target) else { continue };
        let ports = ServicePort::all(service);
        let found = match &port {
            Some(port) => ports.iter().any(|p| is_port(p, port)),
            None => ports.len() == 1,
        };
        let all = ports.iter().map(label).collect::<Vec<_>>().join(", ");
        let message = match &port {
            Some(port) => format!("{target}: expected port {port} of {}, seen {all}", service.target()),
            None => format!("{target}: expected one port or a word which, seen {all}"),
        };
        let at = crate::graph::path(["spec", "ports"]);
        inspected.subject((!found).then(|| Finding::at(service, &at, message)));
        if matches!(target, Target::Host { .. }) {
            inspected.subject(not_on_the_node(service, &target));
        }
    }
}

/// A port of a pod by its name is one of the template's; a number need not be declared.
fn unnamed_in_pods(facts: &Facts<'_>, target: &Target, name: &str) -> Option<Finding> {
    let [workload] = facts.graph.named(target)[..] else { return None };
    let running = PodTemplate::of(workload)?.running();
    let ports: Vec<_> = running.iter().flat_map(Container::ports).collect();
    if ports.iter().any(|port| port.0 == Some(name)) {
        return None;
    }
    let message =
        format!("{target}: expected a container port `{name}` of {}, seen {}", workload.target(), declared(&ports));
    Some(Finding::at(workload, &crate::graph::path(["spec", "template", "spec", "containers"]), message))
}

fn service_of<'f>(facts: &'f Facts<'_>, target: &Target) -> Option<(&'f Document, Option<crate::model::PortRef>)> {
    let behind = crate::plan::behind(facts.chart, facts.graph, target)?;
    let Target::Service { port, .. } = &behind else { return None };
    match facts.graph.named(&behind)[..] {
        [service] => Some((service, port.clone())),
        _ => None,
    }
}

/// Whether a reference names this port.
pub(crate) fn is_port(port: &ServicePort<'_>, wanted: &crate::model::PortRef) -> bool {
    match wanted {
        crate::model::PortRef::Number(number) => port.number() == Some(*number),
        crate::model::PortRef::Name(name) => port.name() == Some(name),
    }
}

fn not_on_the_node(service: &Document, target: &Target) -> Option<Finding> {
    let kind = service.value.pointer("/spec/type").and_then(Value::as_str).unwrap_or("ClusterIP");
    let name = service.target();
    let message = format!("{target}: expected {name} to have a node port (type NodePort or LoadBalancer), seen {kind}");
    let at = crate::graph::path(["spec", "type"]);
    (!["NodePort", "LoadBalancer"].contains(&kind)).then(|| Finding::at(service, &at, message))
}
