//! Programs in containers beside the cluster, on the nodes' own network. Pods reach one by the Service of the need's
//! name, whose one endpoint is the container; this host reaches it by a port of 127.0.0.1, which the Service tells.
//! They carry the labels of the run (or of what `up` made), and go with it.

use super::{NEED_LABEL, labelled};
use crate::cluster::{ProviderKind, expiry_of};
use crate::command::Cmd;
use crate::containers::{self, Container, ContainerSpec, labels_of_run, labels_of_up};
use crate::readiness::text;
use crate::release::{ReleaseError, Site, Stage};
use crate::tools;
use indexmap::IndexMap;
use seatrial_contracts::model::{Need, Program};
use seatrial_observation::{Look, Reason};
use seatrial_probes::wait::{self, Patience};
use serde_json::{Value, json};
use std::time::Duration;

/// The annotation of the Service that says where this host reaches the container.
const PUBLISHED: &str = "seatrial.dev/published";

/// The annotation of the Service that names the container.
const CONTAINER: &str = "seatrial.dev/container";

/// How long a program may take until it listens.
const LISTENING: Duration = Duration::from_mins(1);

/// The port of 127.0.0.1 at which this host reaches what is behind a Service of ours.
pub(crate) fn published_at(service: &Value) -> Option<u16> {
    text(service, "/metadata/annotations/seatrial.dev~1published").parse().ok()
}

impl Site {
    /// `container`: its image with its variables and arguments.
    pub(super) async fn run_program(&self, stage: &Stage<'_>, need: &Need, program: &Program) -> Result<(), String> {
        let image = tools::named_image(&program.image).await.map_err(|missing| missing.to_string())?;
        let env = self.all_filled(stage, &program.env).await?;
        let mut args = Vec::new();
        for arg in &program.args {
            args.push(self.filled(stage.namespace(), arg).await?);
        }
        let spec = ContainerSpec { image, env: env.into_iter().collect(), args, ..ContainerSpec::default() };
        self.run_beside(stage, need, program.port, spec).await.map(drop)
    }

    /// Starts it, or finds it running; it listens, and the Service leads there.
    pub(super) async fn run_beside(
        &self,
        stage: &Stage<'_>,
        need: &Need,
        port: u16,
        spec: ContainerSpec,
    ) -> Result<Container, String> {
        let network = self.network().await?;
        let is_of_run = expiry_of(&self.cluster.name).is_some();
        let labels = if is_of_run { labels_of_run(&self.run) } else { labels_of_up(&self.cluster.name) };
        let spec = ContainerSpec {
            name: self.container_of(stage, &need.name),
            ports: vec![(port, None)],
            labels,
            network: Some(network),
            ..spec
        };
        let container = containers::run(&spec).await.map_err(|failed| failed.to_string())?;
        self.lead_to(stage, need, port, &container).await?;
        Ok(container)
    }

    fn container_of(&self, stage: &Stage<'_>, need: &str) -> String {
        let of_run = format!("st-{}", self.run);
        let owner = if expiry_of(&self.cluster.name).is_some() { &of_run } else { &self.cluster.name };
        format!("{owner}-{}-{need}", stage.namespace())
    }

    /// The network that the nodes are on.
    async fn network(&self) -> Result<String, String> {
        let node = self.cluster.nodes.first().filter(|_| self.cluster.provider == ProviderKind::Kind);
        let node = node.ok_or("pods of a cluster that is not on this host can't reach a container of this host")?;
        let node = containers::inspect(node).await.map_err(|failed| failed.to_string())?;
        let network = node.and_then(|node| node.networks.into_keys().next());
        network.ok_or_else(|| "the node is on no network".to_owned())
    }

    /// Waits until it listens, and writes Service and endpoint.
    async fn lead_to(&self, stage: &Stage<'_>, need: &Need, port: u16, container: &Container) -> Result<(), String> {
        let address = container.networks.values().next().ok_or("the container has no address")?;
        self.until_listening(container, address, port).await?;
        let published = container.host_ports.get(&port).map(u16::to_string).unwrap_or_default();
        let notes = json!({ PUBLISHED: published, CONTAINER: container.name });
        for object in [service(need, port, &notes), endpoints(need, port, Some(address))] {
            self.objects.apply(stage.namespace(), &object).await.map_err(|refused| refused.to_string())?;
        }
        Ok(())
    }

    /// Asked from a node: what the engine publishes accepts connections before anybody listens.
    async fn until_listening(&self, container: &Container, address: &str, port: u16) -> Result<(), String> {
        let node = self.cluster.nodes.first().ok_or("the cluster has no node")?;
        let patience = Patience::steady(LISTENING.mul_f64(self.slow.max(1.0)), Duration::from_millis(100));
        let connect = format!(": </dev/tcp/{address}/{port}");
        let listening = wait::until(&patience, async || {
            let docker = Cmd::new(&self.tools.docker).args(["exec", node, "timeout", "2", "bash", "-c", &connect]);
            let asked = docker.timeout(Duration::from_secs(10)).run().await.map_err(|failed| failed.to_string())?;
            if asked.is_ok() {
                return Ok(Look::Ready(()));
            }
            let now = containers::inspect(&container.name).await.map_err(|failed| failed.to_string())?;
            Ok::<_, String>(if now.is_some_and(|now| now.is_running) {
                Look::Pending(Reason::new(format!("nobody listens at port {port}")))
            } else {
                Look::Doomed(Reason::new("it has ended"))
            })
        });
        match listening.await {
            Ok(()) => Ok(()),
            Err(failed) => {
                let said = containers::logs(&container.name, 5).await.unwrap_or_default();
                Err(format!("container {}: {failed}; it said last: {}", container.name, said.trim()))
            }
        }
    }

    /// Stops the container of a need. Its Service has no endpoint meanwhile, so that connects are refused at once.
    pub(crate) async fn stop_beside(&self, stage: &Stage<'_>, name: &str) -> Result<(), String> {
        let (need, port) = beside(stage, name)?;
        containers::stop(&self.container_of(stage, name)).await.map_err(|failed| failed.to_string())?;
        let none = endpoints(need, port, None);
        self.objects.apply(stage.namespace(), &none).await.map_err(|refused| refused.to_string())
    }

    /// Starts it again. It may have another address; that of the Service stays.
    pub(crate) async fn start_beside(&self, stage: &Stage<'_>, name: &str) -> Result<(), String> {
        let (need, port) = beside(stage, name)?;
        let started = containers::start_again(&self.container_of(stage, name)).await;
        let started = started.map_err(|failed| failed.to_string())?;
        self.lead_to(stage, need, port, &started).await
    }

    /// The container behind a Service that is not needed any more.
    pub(super) async fn forget_program(&self, object: &Value) -> Result<(), ReleaseError> {
        let name = text(object, "/metadata/annotations/seatrial.dev~1container");
        if name.is_empty() {
            return Ok(());
        }
        let need = text(object, &format!("/metadata/labels/{}", NEED_LABEL.replace('/', "~1"))).to_owned();
        let removed = containers::remove(name).await;
        removed.map_err(|failed| ReleaseError::Need { need, message: failed.to_string() })
    }
}

/// The need of this name, and its port.
fn beside<'a>(stage: &Stage<'a>, name: &str) -> Result<(&'a Need, u16), String> {
    let need = stage.environment.needs.iter().find(|need| need.name == name);
    let found = need.and_then(|need| Some((need, need.port()?)));
    found.ok_or_else(|| format!("there is no container needs/{name} in environment {}", stage.environment.name))
}

fn service(need: &Need, port: u16, notes: &Value) -> Value {
    let spec = json!({ "ports": [{ "port": port, "protocol": "TCP" }] });
    let object = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "annotations": notes }, "spec": spec });
    labelled(object, need, IndexMap::new())
}

/// Where the Service leads; nowhere while the container is stopped.
fn endpoints(need: &Need, port: u16, address: Option<&str>) -> Value {
    let ready = json!({ "ready": true });
    let all: Vec<Value> = address.into_iter().map(|at| json!({ "addresses": [at], "conditions": ready })).collect();
    let object = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "endpoints": all, "ports": [{ "port": port, "protocol": "TCP" }],
    });
    let managed = [("kubernetes.io/service-name", need.name.as_str()), (MANAGER, "seatrial.dev")];
    labelled(object, need, managed.map(|(key, value)| (key.to_owned(), value.to_owned())).into())
}

/// Who keeps an endpoint slice: the cluster's own controllers leave those of others alone.
const MANAGER: &str = "endpointslice.kubernetes.io/managed-by";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ours;
    use seatrial_contracts::model::Thing;

    fn need() -> Need {
        let program = Program { image: "mail:1".into(), port: 2525, env: IndexMap::new(), args: Vec::new() };
        Need { name: "mail".into(), thing: Thing::Container(program) }
    }

    #[test]
    fn a_service_of_ours_tells_where_this_host_reaches_it() {
        let made = service(&need(), 2525, &json!({ PUBLISHED: "49153", CONTAINER: "st-x-mail" }));
        assert!(ours::is_ours(&made));
        assert_eq!((published_at(&made), made["metadata"]["name"].as_str()), (Some(49153), Some("mail")));
        assert_eq!(published_at(&service(&need(), 2525, &json!({ PUBLISHED: "" }))), None);
    }

    #[test]
    fn a_stopped_container_is_nobodys_endpoint() {
        let slice = endpoints(&need(), 2525, Some("172.18.0.3"));
        assert_eq!(slice["metadata"]["labels"]["kubernetes.io/service-name"], "mail");
        assert_eq!(slice["endpoints"][0]["addresses"][0], "172.18.0.3");
        assert_eq!(endpoints(&need(), 2525, None)["endpoints"], json!([]));
    }
}
