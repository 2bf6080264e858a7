//! The node ports of the programs beside a release: a cluster maps them to the host when it is made, so they are
//! chosen before it is there.

use crate::cluster::Publish;
use crate::release::objects;
use indexmap::IndexMap;
use seatrial_contracts::model::Beside;
use std::collections::BTreeSet;

/// Where Kubernetes' node ports begin. It gives out its first 86 last, so that who names one there meets nobody.
const FIRST: u16 = 30000;

/// Port of the host → node port: the first ones that the rendered chart does not name.
pub fn node_ports(beside: &IndexMap<String, Beside>, rendered: &str) -> Publish {
    let taken = taken(rendered);
    let free = (FIRST..=32767).filter(|port| !taken.contains(port));
    beside.values().map(|one| one.port).zip(free).collect()
}

fn taken(rendered: &str) -> BTreeSet<u16> {
    let services = objects(rendered).into_iter().filter(|one| one["kind"] == "Service");
    let ports = services.flat_map(|one| one["spec"]["ports"].as_array().cloned().unwrap_or_default());
    ports.filter_map(|port| port["nodePort"].as_u64()).filter_map(|port| u16::try_from(port).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RENDERED: &str = "---
kind: Service
metadata: { name: registry }
spec: { ports: [{ name: http, port: 5000, nodePort: 30001 }] }
";

    #[test]
    fn node_ports_of_the_chart_are_passed_over() {
        let one = |port| Beside { image: "a".into(), port, health: "/".into(), env: IndexMap::new() };
        let beside = IndexMap::from([("a".to_owned(), one(8001)), ("b".to_owned(), one(8002))]);
        assert_eq!(node_ports(&beside, RENDERED), Publish::from([(8001, 30000), (8002, 30002)]));
    }
}
