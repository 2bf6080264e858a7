//! Services in front of the prober, made only where its echo is the reference of a measurement.

use super::{NAME, PORT, ProberError};
use crate::cluster::RUN_LABEL;
use crate::ours;
use crate::release::Objects;
use crate::run_id::RunId;
use serde_json::{Value, json};

/// The last node ports, from which nobody is given one by chance before all others are taken.
const NODE_PORTS: std::ops::RangeInclusive<u16> = 32_720..=32_767;

/// For who asks from inside the cluster.
pub(super) fn in_cluster(run: &RunId) -> Value {
    service(NAME, run, &json!({ "type": "ClusterIP", "ports": [{ "name": "http", "port": PORT, "targetPort": PORT }] }))
}

fn at_node_port(run: &RunId, port: u16) -> Value {
    let ports = json!([{ "name": "http", "port": PORT, "targetPort": PORT, "nodePort": port }]);
    service(&format!("{NAME}-host"), run, &json!({ "type": "NodePort", "ports": ports }))
}

fn service(name: &str, run: &RunId, spec: &Value) -> Value {
    let mut spec = spec.clone();
    spec["selector"] = json!({ "app.kubernetes.io/name": NAME });
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "labels": { "app.kubernetes.io/name": NAME, ours::LABEL: ours::OURS, RUN_LABEL: run.as_str() },
        },
        "spec": spec,
    })
}

/// The node port of the prober, where it has one already; else a free one of the last: a chart that fixes a node port
/// of its own must never find it taken by us.
pub(super) async fn node_port(objects: &Objects, namespace: &str, run: &RunId) -> Result<u16, ProberError> {
    let there = objects.get("Service", namespace, &format!("{NAME}-host")).await?;
    let port = there.as_ref().and_then(|one| one.pointer("/spec/ports/0/nodePort")).and_then(Value::as_u64);
    if let Some(port) = port.and_then(|port| u16::try_from(port).ok()) {
        return Ok(port);
    }
    let mut last = None;
    for port in NODE_PORTS.rev() {
        match objects.apply(namespace, &at_node_port(run, port)).await {
            Ok(()) => return Ok(port),
            Err(refused) if refused.to_string().contains("already allocated") => last = Some(refused),
            Err(refused) => return Err(refused.into()),
        }
    }
    Err(last.map_or(ProberError::NoNodePort, ProberError::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_ours_and_lead_to_the_prober() {
        let run = RunId::of("abcd1234");
        for service in [in_cluster(&run), at_node_port(&run, 32_767)] {
            assert!(ours::is_ours(&service));
            assert_eq!(service.pointer("/spec/selector/app.kubernetes.io~1name"), Some(&json!(NAME)));
        }
        assert_eq!(at_node_port(&run, 32_767).pointer("/spec/ports/0/nodePort"), Some(&json!(32_767)));
    }
}
