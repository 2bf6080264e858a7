//! `node-ports`: node ports are in the API server's range, and each belongs to one Service.

use super::{Facts, Finding, Inspected};
use crate::graph::{Document, ServicePort};
use serde_json::Value;

/// The API server's default range.
const RANGE: std::ops::RangeInclusive<u64> = 30_000..=32_767;

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("node ports");
    let mut taken: Vec<(u64, &str, String)> = Vec::new();
    for service in facts.graph.of_kind("Service") {
        for port in ServicePort::all(service) {
            let Some(number) = port.node_port() else { continue };
            let owner = service.target();
            let problem = out_of_range(number).or_else(|| no_such_type(service)).or_else(|| {
                let other = taken.iter().find(|(n, protocol, _)| *n == number && *protocol == port.protocol())?;
                Some(format!("expected a node port of its own, seen it taken by {}", other.2))
            });
            let finding = problem.map(|text| {
                Finding::at(service, &port.below("nodePort"), format!("{owner} nodePort {number}: {text}"))
            });
            inspected.subject(finding);
            taken.push((number, port.protocol(), owner));
        }
    }
    inspected
}

fn out_of_range(number: u64) -> Option<String> {
    let (low, high) = (RANGE.start(), RANGE.end());
    (!RANGE.contains(&number)).then(|| format!("expected {low} to {high}, seen {number}"))
}

fn no_such_type(service: &Document) -> Option<String> {
    let kind = service.value.pointer("/spec/type").and_then(Value::as_str).unwrap_or("ClusterIP");
    (kind == "ClusterIP").then(|| "expected type NodePort or LoadBalancer, seen ClusterIP".to_owned())
}
