//! Which node port stands behind each host port of a contract's `cluster.publish`.

use crate::exit::Exit;
use crate::failure::Failure;
use seatrial_contracts::model::{ClusterSpec, Name, PortRef, Target};
use seatrial_harness::cluster::Publish;
use serde::Deserialize;
use serde_json::Value;

/// Host port → node port, by the rendered Services.
pub(crate) fn node_ports(spec: &ClusterSpec, rendered: &str) -> Result<Publish, Failure> {
    let services = services(rendered);
    let port = |(host, target): (&u16, &Target)| {
        let found = behind(target, &services).ok_or_else(|| none(*host, target))?;
        Ok((*host, found))
    };
    spec.publish.iter().map(port).collect()
}

/// The pods behind a Service port of `publish`, as a label selector; empty where the render has no such Service.
pub(crate) fn selector(target: &Target, rendered: &str) -> String {
    let services = services(rendered);
    let found = service(target, &services).and_then(|found| found["spec"]["selector"].as_object());
    let labels = found.into_iter().flatten().filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
    labels.collect::<Vec<_>>().join(",")
}

fn none(host: u16, target: &Target) -> Failure {
    Failure::new(
        Exit::Broken,
        format!("cluster.publish: {host} is to reach {target}, which is no Service port with a nodePort"),
    )
}

fn services(rendered: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(rendered).filter_map(|one| Value::deserialize(one).ok());
    documents.filter(|object| object["kind"] == "Service").collect()
}

fn service<'a>(target: &Target, services: &'a [Value]) -> Option<&'a Value> {
    let Target::Service { name, .. } = target else { return None };
    match name {
        Name::Is(name) => services.iter().find(|service| service["metadata"]["name"] == name.as_str()),
        Name::Only | Name::All => services.first().filter(|_| services.len() == 1),
    }
}

fn behind(target: &Target, services: &[Value]) -> Option<u16> {
    let Target::Service { port, .. } = target else { return None };
    let service = service(target, services)?;
    let ports = service["spec"]["ports"].as_array()?;
    let is_it = |candidate: &&Value| match port {
        Some(PortRef::Number(number)) => candidate["port"] == *number,
        Some(PortRef::Name(name)) => candidate["name"] == name.as_str(),
        None => ports.len() == 1,
    };
    ports.iter().find(is_it)?["nodePort"].as_u64().and_then(|number| u16::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::{Publish, node_ports};
    use seatrial_contracts::model::{ClusterSpec, Target};

    const RENDERED: &str = "---
kind: Service
metadata: { name: registry }
spec: { ports: [{ name: http, port: 5000, nodePort: 30500 }, { name: debug, port: 5001 }] }
---
kind: ConfigMap
";

    fn check(target: &str, expected: Option<u16>) {
        let target: Target = target.parse().expect("a target");
        let publish = [(5000, target)].into_iter().collect();
        let spec = ClusterSpec { name: "x".into(), publish, ..ClusterSpec::default() };
        let found = node_ports(&spec, RENDERED).ok();
        assert_eq!(found, expected.map(|port| Publish::from([(5000, port)])));
    }

    #[test]
    fn a_port_by_name_or_number() {
        check("svc/registry:http", Some(30500));
        check("svc/registry:5000", Some(30500));
        check("svc:http", Some(30500));
    }

    #[test]
    fn a_port_that_no_node_has_is_refused() {
        check("svc/registry:debug", None);
        check("svc/other:http", None);
        check("svc/registry", None);
    }
}
