//! What a plan needs of cluster and host, known before anything is done: the node ports to be mapped, and the clauses
//! that are skipped where something is missing.

use super::plain;
use crate::cluster::Capabilities;
use crate::release::objects;
use camino::Utf8Path;
use seatrial_contracts::model::{ChartPlan, Check, Clause, Event, Phase, Than, UsageOf, What};
use seatrial_contracts::plan::skip_where;
use serde_json::Value;
use std::collections::BTreeSet;

/// Every node port that the chart's Services name, in all environments.
pub fn node_ports(chart: &ChartPlan) -> BTreeSet<u16> {
    let rendered = chart.environments.iter().flat_map(|environment| objects(&environment.rendered));
    rendered.filter(|object| object["kind"] == "Service").flat_map(|service| ports_of(&service)).collect()
}

fn ports_of(service: &Value) -> Vec<u16> {
    let ports = service.pointer("/spec/ports").and_then(Value::as_array);
    let numbers = ports.into_iter().flatten().filter_map(|port| port["nodePort"].as_u64());
    // What is out of range is the static tier's finding, and no port of a cluster.
    let in_range = numbers.filter(|number| (30_000..=32_767).contains(number));
    in_range.filter_map(|number| u16::try_from(number).ok()).collect()
}

/// Marks the clauses that can't be judged with these capabilities, or without a program on PATH, as skipped.
pub fn skip_what_is_missing(chart: &mut ChartPlan, capabilities: Capabilities) {
    if !capabilities.kubernetes {
        plain::narrow(chart);
    }
    skip_where(chart, |slot| match &slot.what {
        What::Clause(clause) => missing(clause, capabilities),
        _ => None,
    });
}

fn missing(clause: &Clause, capabilities: Capabilities) -> Option<String> {
    if clause.when.contains(&Event::RestartNode) && !capabilities.node_access {
        return Some("the provider gives no access to the node, which is to be restarted".to_owned());
    }
    let is_beside_docker = |phase: &Phase| phase.latency.as_ref().is_some_and(|one| one.than == Some(Than::Docker));
    clause.then.iter().find_map(|phase| match &phase.check {
        _ if is_beside_docker(phase) && !capabilities.create => {
            Some("the cluster is not on this host, so there is no plain container beside it".to_owned())
        }
        Check::Usage(usage) if usage.of == UsageOf::Node && !capabilities.node_access => {
            Some("the provider gives no access to the node".to_owned())
        }
        Check::Ready(_) if phase.within.is_some_and(|within| within.than.is_some()) && !capabilities.node_access => {
            Some("the provider gives no access to the node, whose runtime knows when containers start".to_owned())
        }
        Check::Run(run) if run.image.is_some() && run.junit.is_some() && !capabilities.node_access => {
            Some("the provider gives no access to the node, where the report of the pod is".to_owned())
        }
        Check::Run(run) => {
            let absent = run.requires.iter().find(|program| !is_on_path(program))?;
            Some(format!("{absent} is not on PATH"))
        }
        _ => None,
    })
}

/// PATH, and the tools of ours that it lacks.
fn is_on_path(program: &str) -> bool {
    std::env::split_paths(&crate::cache::search_path()).filter_map(|dir| dir.to_str().map(ToOwned::to_owned)).any(
        |dir| {
            use std::os::unix::fs::PermissionsExt;
            let file = Utf8Path::new(&dir).join(program);
            std::fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn node_ports_in_range_are_mapped() {
        let service = json!({ "kind": "Service", "spec": { "ports": [{ "nodePort": 30_500 }, { "nodePort": 99_999 }, { "port": 80 }] } });
        assert_eq!(ports_of(&service), [30_500]);
    }

    #[test]
    fn programs_are_looked_for_on_path() {
        assert!(is_on_path("sh"));
        assert!(!is_on_path("no-such-program-of-anybody"));
    }
}
