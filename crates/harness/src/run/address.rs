//! From a target to an address: which host and port a probe dials, by where it looks from.

mod pod_port;

use crate::cluster::ProviderKind;
use crate::forward::{Destination, Forward};
use crate::readiness::{name_of, text};
use crate::release::{Site, Stage, objects, published_at};
use seatrial_contracts::model::{Name, PortRef, Target, Vantage};
use seatrial_observation::LookError;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// From where a probe really looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The prober in the release's namespace.
    Pod,
    /// A prober in the place that the clause names.
    Eye,
    /// This process.
    Here,
}

/// An address, and from where it is dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) from: From,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
    /// The scheme and the name by which it is asked for, where the target itself says them (an Ingress).
    pub(super) scheme: Option<&'static str>,
    pub(super) name: Option<String>,
}

impl Address {
    /// `http://host:port`.
    pub(super) fn base(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }

    fn at(from: From, host: impl Into<String>, port: u16, path: &str) -> Self {
        Self { from, host: host.into(), port, path: path.to_owned(), scheme: None, name: None }
    }

    /// The port to be dialled: an Ingress has one a scheme.
    pub(super) fn port_of(&self, scheme: &str) -> u16 {
        match (self.scheme.is_some(), scheme) {
            (true, "https") => 443,
            (true, _) => 80,
            (false, _) => self.port,
        }
    }

    fn here(host: impl Into<String>, port: u16, path: &str) -> Self {
        Self::at(From::Here, host, port, path)
    }
}

/// The addresses of one clause; forwards to Services without a node port are kept as long as it is judged.
pub(super) struct Addresses<'a> {
    pub(super) site: &'a Site,
    pub(super) stage: Stage<'a>,
    pub(super) vantage: &'a Vantage,
    forwards: Mutex<HashMap<String, Arc<Forward>>>,
}

impl<'a> Addresses<'a> {
    pub(super) fn new(site: &'a Site, stage: Stage<'a>, vantage: &'a Vantage) -> Self {
        Self { site, stage, vantage, forwards: Mutex::default() }
    }

    /// Where a target is, seen from the clause's vantage. `host:` is always seen from the host.
    pub(super) async fn of(&self, target: &Target) -> Result<Address, LookError> {
        self.seen_from(target, self.vantage).await
    }

    /// The same from another vantage.
    pub(super) async fn seen_from(&self, target: &Target, vantage: &Vantage) -> Result<Address, LookError> {
        match target {
            Target::Service { name, port, path } => self.service(name, port.as_ref(), path, vantage).await,
            Target::Host { port, path } => self.published(*port, path).await,
            Target::Ingress { name, path } => self.ingress(name, path, vantage).await,
            Target::Pod { port, path, .. } => self.pod(target, port, path, vantage).await,
            Target::Object { .. } => Err(error(format!("{target} is no address; write svc/NAME:PORT or host:PORT"))),
        }
    }

    /// Where the controller of an Ingress listens, asked for by the host of its first rule.
    async fn ingress(&self, name: &Name, path: &str, vantage: &Vantage) -> Result<Address, LookError> {
        let ingresses = self.site.objects.list("Ingress", self.stage.namespace()).await?;
        let found = match name {
            Name::Is(name) => ingresses.iter().find(|one| name_of(one) == name),
            Name::Only | Name::All => ingresses.first().filter(|_| ingresses.len() == 1),
        };
        let found = found.ok_or_else(|| error(format!("there is no ingress{name} in the cluster")))?;
        let from = match vantage {
            Vantage::Host => From::Here,
            Vantage::Pod => From::Pod,
            Vantage::Node | Vantage::Workload(_) | Vantage::Stranger { .. } => From::Eye,
        };
        entrance(found, from, path)
    }

    async fn published(&self, port: u16, path: &str) -> Result<Address, LookError> {
        let cluster = self.stage.chart.cluster.as_ref();
        let target = cluster.and_then(|cluster| cluster.publish.get(&port));
        let Some(Target::Service { name, port: service_port, .. }) = target else {
            return Err(error(format!("host:{port} is not in `cluster.publish`")));
        };
        self.service(name, service_port.as_ref(), path, &Vantage::Host).await
    }

    async fn service(
        &self,
        name: &Name,
        port: Option<&PortRef>,
        path: &str,
        vantage: &Vantage,
    ) -> Result<Address, LookError> {
        let service = self.find(name).await?;
        if service.get("spec").is_none() {
            return Ok(nowhere(&service, port, path));
        }
        let found = port_of(&service, port).ok_or_else(|| error(no_port(&service, port)))?;
        let number = number(found, "port").unwrap_or_default();
        match vantage {
            Vantage::Pod => Ok(Address::at(From::Pod, name_of(&service), number, path)),
            Vantage::Host => self.seen_from_host(&service, found, path).await,
            Vantage::Node => self.seen_from_node(&service, found, path).await,
            Vantage::Workload(_) => Ok(Address::at(From::Eye, name_of(&service), number, path)),
            Vantage::Stranger { .. } => {
                // It may be in another namespace.
                let host = format!("{}.{}", name_of(&service), self.stage.namespace());
                Ok(Address::at(From::Eye, host, number, path))
            }
        }
    }

    /// The Service as the cluster has it; where it is gone or renamed, as it was rendered; where it never was, no more
    /// than its name: then the probe says what comes of that.
    pub(super) async fn find(&self, name: &Name) -> Result<Value, LookError> {
        let rendered: Vec<Value> =
            objects(&self.stage.environment.rendered).into_iter().filter(|one| one["kind"] == "Service").collect();
        let name = match name {
            Name::Is(name) => name.clone(),
            Name::Only | Name::All => match rendered.as_slice() {
                [only] => name_of(only).to_owned(),
                all => return Err(error(format!("the chart has {} Services; name one", all.len()))),
            },
        };
        let live = self.site.objects.get("Service", self.stage.namespace(), &name).await?;
        let found = live.or_else(|| rendered.into_iter().find(|one| name_of(one) == name));
        Ok(found.unwrap_or_else(|| serde_json::json!({ "metadata": { "name": name } })))
    }

    /// A container beside the cluster by the port that the engine gave it. What is in the cluster by its node port: on
    /// 127.0.0.1 where Docker mapped it, on a node's address else; without one, by a forward.
    async fn seen_from_host(&self, service: &Value, port: &Value, path: &str) -> Result<Address, LookError> {
        if let Some(published) = published_at(service) {
            return Ok(Address::here("127.0.0.1", published, path));
        }
        let Some(node_port) = number(port, "nodePort") else { return self.forward(service, port, path).await };
        if let Some(mapped) = self.site.cluster.host_ports.get(&node_port) {
            return Ok(Address::here("127.0.0.1", *mapped, path));
        }
        if self.site.cluster.provider == ProviderKind::Kind {
            let message = format!("node port {node_port} is not mapped to this host: the cluster was made without it");
            return Err(error(message));
        }
        match self.node_address().await {
            Ok(node) if accepts(&node, node_port).await => Ok(Address::here(node, node_port, path)),
            _ => self.forward(service, port, path).await,
        }
    }

    async fn seen_from_node(&self, service: &Value, port: &Value, path: &str) -> Result<Address, LookError> {
        let has_eye = self.site.cluster.capabilities.node_access;
        match (number(port, "nodePort"), has_eye) {
            // kube-proxy serves no node port on the node's localhost.
            (Some(node_port), true) => Ok(Address::at(From::Eye, self.node_address().await?, node_port, path)),
            (Some(node_port), false) => Ok(Address::here(self.node_address().await?, node_port, path)),
            (None, true) => {
                let host = format!("{}.{}", name_of(service), self.stage.namespace());
                let port = number(port, "port").unwrap_or_default();
                Ok(Address::at(From::Eye, host, port, path))
            }
            (None, false) => Err(error(format!("svc/{} has no node port to be reached from a node", name_of(service)))),
        }
    }

    pub(super) async fn node_address(&self) -> Result<String, LookError> {
        let nodes = self.site.objects.list("Node", "").await?;
        let addresses = nodes.iter().filter_map(|node| node.pointer("/status/addresses")?.as_array()).flatten();
        let internal = addresses.into_iter().find(|one| text(one, "/type") == "InternalIP");
        internal.map(|one| text(one, "/address").to_owned()).ok_or_else(|| error("no node has an address".to_owned()))
    }

    /// Keeps a forward as long as the clause is judged.
    pub(super) async fn keep(&self, forward: Forward) {
        self.forwards.lock().await.insert(format!("kept on {}", forward.port()), Arc::new(forward));
    }

    /// The pods and the container port behind a target.
    pub(super) async fn behind(&self, target: &Target) -> Result<Destination, LookError> {
        let published = match target {
            Target::Host { port, .. } => self.stage.chart.cluster.as_ref().and_then(|one| one.publish.get(port)),
            other => Some(other),
        };
        let Some(Target::Service { name, port, .. }) = published else {
            return Err(error(format!("nothing is known to be behind {target}")));
        };
        let service = self.find(name).await?;
        let found = port_of(&service, port.as_ref()).ok_or_else(|| error(no_port(&service, port.as_ref())))?;
        self.destination(&service, found).await
    }

    async fn forward(&self, service: &Value, port: &Value, path: &str) -> Result<Address, LookError> {
        let key = format!("{}:{}", name_of(service), port["port"]);
        let mut forwards = self.forwards.lock().await;
        if !forwards.contains_key(&key) {
            let to = self.destination(service, port).await?;
            let opened = Forward::listen(&self.site.objects, to).await.map_err(|failed| error(failed.to_string()))?;
            forwards.insert(key.clone(), Arc::new(opened));
        }
        forwards
            .get(&key)
            .map(|forward| Address::here("127.0.0.1", forward.port(), path))
            .ok_or_else(|| error(format!("no forward to {key}")))
    }

    async fn destination(&self, service: &Value, port: &Value) -> Result<Destination, LookError> {
        let selector =
            serde_json::json!({ "matchLabels": service.pointer("/spec/selector").cloned().unwrap_or_default() });
        let target = port.get("targetPort").cloned().unwrap_or_else(|| port["port"].clone());
        let container = match target.as_str() {
            None => number(&serde_json::json!({ "port": target }), "port"),
            Some(name) => self.named_port(&selector, name).await?,
        };
        let what = format!("svc/{}", name_of(service));
        let port = container.ok_or_else(|| error(format!("{what}: no container port {target}")))?;
        Ok(Destination { namespace: self.stage.namespace().to_owned(), selector, pod: None, port, what })
    }

    async fn named_port(&self, selector: &Value, name: &str) -> Result<Option<u16>, LookError> {
        let pods = self.site.objects.list("Pod", self.stage.namespace()).await?;
        let fitting = pods.iter().filter(|pod| crate::readiness::selects(selector, pod));
        let containers = fitting.filter_map(|pod| pod.pointer("/spec/containers")?.as_array()).flatten();
        let mut ports = containers.filter_map(|container| container["ports"].as_array()).flatten();
        Ok(ports.find(|port| text(port, "/name") == name).and_then(|port| number(port, "containerPort")))
    }
}

/// Address, scheme and name of what an Ingress publishes.
fn entrance(ingress: &Value, from: From, path: &str) -> Result<Address, LookError> {
    let balancer = ingress.pointer("/status/loadBalancer/ingress/0");
    let at = balancer.and_then(|one| one["ip"].as_str().or_else(|| one["hostname"].as_str()));
    let at =
        at.ok_or_else(|| error(format!("ingress/{} has no address: no controller has taken it up", name_of(ingress))))?;
    let host = ingress.pointer("/spec/rules/0/host").and_then(Value::as_str);
    let is_encrypted = ingress.pointer("/spec/tls/0").is_some();
    let (scheme, port) = if is_encrypted { ("https", 443) } else { ("http", 80) };
    let name = host.map(ToOwned::to_owned);
    Ok(Address { scheme: Some(scheme), name, ..Address::at(from, at, port, path) })
}

/// The address of a Service that is not there: asking for its name in the cluster is the observation.
fn nowhere(service: &Value, port: Option<&PortRef>, path: &str) -> Address {
    let port = match port {
        Some(PortRef::Number(number)) => *number,
        Some(PortRef::Name(_)) | None => 80,
    };
    Address::at(From::Pod, name_of(service), port, path)
}

async fn accepts(host: &str, port: u16) -> bool {
    let spec = seatrial_observation::TcpSpec { host: host.to_owned(), port };
    let probe = seatrial_observation::ProbeSpec::Tcp(spec);
    seatrial_probes::probe(&probe, std::time::Duration::from_secs(1)).await.result.is_ok()
}

pub(super) fn error(message: String) -> LookError {
    LookError { message }
}

fn number(port: &Value, field: &str) -> Option<u16> {
    port.get(field)?.as_u64().and_then(|number| u16::try_from(number).ok()).filter(|number| *number > 0)
}

/// The port that is named, or the only one.
pub(crate) fn port_of<'a>(service: &'a Value, wanted: Option<&PortRef>) -> Option<&'a Value> {
    let ports = service.pointer("/spec/ports")?.as_array()?;
    match wanted {
        None => ports.first(),
        Some(PortRef::Number(number)) => ports.iter().find(|port| port["port"].as_u64() == Some(u64::from(*number))),
        Some(PortRef::Name(name)) => ports.iter().find(|port| text(port, "/name") == name),
    }
}

fn no_port(service: &Value, wanted: Option<&PortRef>) -> String {
    let wanted = match wanted {
        None => "any port".to_owned(),
        Some(PortRef::Number(number)) => format!("port {number}"),
        Some(PortRef::Name(name)) => format!("port {name}"),
    };
    format!("svc/{} has not {wanted}", name_of(service))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_service_that_is_not_there_is_asked_for_by_name() {
        let address = nowhere(&json!({ "metadata": { "name": "web" } }), Some(&PortRef::Number(90)), "/x");
        assert_eq!(address, Address::at(From::Pod, "web", 90, "/x"));
    }

    #[test]
    fn an_ingress_is_asked_for_by_its_host_at_its_controller() {
        let status = json!({ "loadBalancer": { "ingress": [{ "ip": "10.0.0.9" }] } });
        let spec = json!({ "rules": [{ "host": "shop.test" }], "tls": [{ "hosts": ["shop.test"] }] });
        let ingress = json!({ "metadata": { "name": "shop" }, "spec": spec, "status": status });
        let address = entrance(&ingress, From::Here, "/a").expect("it has an address");
        assert_eq!((address.host.as_str(), address.scheme, address.port_of("http")), ("10.0.0.9", Some("https"), 80));
        assert_eq!((address.name.as_deref(), address.port_of("https")), (Some("shop.test"), 443));
        let nobodys = json!({ "metadata": { "name": "shop" }, "spec": spec });
        let refused = entrance(&nobodys, From::Here, "/a").expect_err("nobody serves it");
        assert_eq!(refused.message, "ingress/shop has no address: no controller has taken it up");
    }

    #[test]
    fn ports_are_found_by_name_and_number() {
        let service = json!({ "spec": { "ports": [{ "name": "http", "port": 80 }, { "name": "admin", "port": 90 }] } });
        let port = |wanted: Option<PortRef>| port_of(&service, wanted.as_ref()).and_then(|port| number(port, "port"));
        assert_eq!(port(None), Some(80));
        assert_eq!(port(Some(PortRef::Name("admin".to_owned()))), Some(90));
        assert_eq!(port(Some(PortRef::Number(90))), Some(90));
        assert_eq!(port(Some(PortRef::Name("web".to_owned()))), None);
    }
}
