//! The address of a workload's own pod: a port that no Service leads to, or that of a pod which is not ready.

use super::{Address, Addresses, From, error};
use crate::forward::{Destination, Forward};
use crate::readiness::{name_of, text};
use crate::run::targets::Targets;
use seatrial_contracts::model::{PortRef, Target, Vantage};
use seatrial_observation::LookError;
use serde_json::Value;
use std::sync::Arc;

impl Addresses<'_> {
    /// The newest pod that runs; none that is on its way out.
    pub(super) async fn pod(
        &self,
        target: &Target,
        port: &PortRef,
        path: &str,
        vantage: &Vantage,
    ) -> Result<Address, LookError> {
        let pods = Targets { site: self.site, stage: self.stage }.pods(target).await?;
        let pod = newest(&pods).ok_or_else(|| error(format!("{} has no running pod", target.workload())))?;
        let port = container_port(pod, port).ok_or_else(|| error(no_port(target, pod)))?;
        let from = match vantage {
            Vantage::Pod => From::Pod,
            Vantage::Host => return self.forward_to(pod, port, path).await,
            Vantage::Node | Vantage::Workload(_) | Vantage::Stranger { .. } => From::Eye,
        };
        Ok(Address::at(from, text(pod, "/status/podIP"), port, path))
    }

    async fn forward_to(&self, pod: &Value, port: u16, path: &str) -> Result<Address, LookError> {
        let what = format!("pod/{}", name_of(pod));
        let key = format!("{what}:{port}");
        let mut forwards = self.forwards.lock().await;
        if let Some(known) = forwards.get(&key) {
            return Ok(Address::here("127.0.0.1", known.port(), path));
        }
        let (namespace, selector) = (self.stage.namespace().to_owned(), Value::Null);
        let to = Destination { namespace, selector, pod: Some(name_of(pod).to_owned()), port, what };
        let opened = Forward::listen(&self.site.objects, to).await.map_err(|failed| error(failed.to_string()))?;
        let address = Address::here("127.0.0.1", opened.port(), path);
        forwards.insert(key, Arc::new(opened));
        Ok(address)
    }
}

fn newest(pods: &[Value]) -> Option<&Value> {
    let running = pods.iter().filter(|pod| text(pod, "/status/phase") == "Running");
    let dialled = running.filter(|pod| !text(pod, "/status/podIP").is_empty());
    dialled.max_by_key(|pod| text(pod, "/metadata/creationTimestamp"))
}

/// A number need not be declared; a name must.
fn container_port(pod: &Value, wanted: &PortRef) -> Option<u16> {
    let name = match wanted {
        PortRef::Number(number) => return Some(*number),
        PortRef::Name(name) => name,
    };
    let containers = pod.pointer("/spec/containers")?.as_array()?;
    let mut ports = containers.iter().filter_map(|container| container["ports"].as_array()).flatten();
    let found = ports.find(|port| text(port, "/name") == name)?;
    found["containerPort"].as_u64().and_then(|number| u16::try_from(number).ok())
}

fn no_port(target: &Target, pod: &Value) -> String {
    format!("{target}: pod/{} has no port of that name", name_of(pod))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(name: &str, phase: &str, created: &str, ip: &str) -> Value {
        let metadata = json!({ "name": name, "creationTimestamp": created });
        json!({ "metadata": metadata, "status": { "phase": phase, "podIP": ip } })
    }

    #[test]
    fn the_newest_that_runs_is_asked() {
        let pods = [
            pod("old", "Running", "2026-01-01T00:00:00Z", "10.0.0.1"),
            pod("new", "Running", "2026-01-01T00:00:09Z", "10.0.0.2"),
            pod("newest", "Pending", "2026-01-01T00:00:10Z", ""),
        ];
        assert_eq!(newest(&pods).map(name_of), Some("new"));
        assert_eq!(newest(&pods[2..]), None);
    }

    #[test]
    fn a_port_by_name_is_one_of_its_containers() {
        let spec = json!({ "containers": [{ "ports": [{ "name": "status", "containerPort": 8081 }] }] });
        let pod = json!({ "metadata": { "name": "x" }, "spec": spec });
        assert_eq!(container_port(&pod, &PortRef::Name("status".to_owned())), Some(8081));
        assert_eq!(container_port(&pod, &PortRef::Number(9)), Some(9));
        assert_eq!(container_port(&pod, &PortRef::Name("http".to_owned())), None);
    }
}
