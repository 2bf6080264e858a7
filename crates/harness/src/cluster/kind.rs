//! Clusters made by the unmodified kind CLI.

use super::config::{self, Facts};
use super::engine::Engine;
use super::load::{self, LoadReport};
use super::provider::{ClusterProvider, ProviderKind, Request};
use super::{CHILD_MARK, Cluster, ClusterError, ports, ready};
use crate::cache::KeyOf;
use crate::command::{Cmd, CommandError, Stream};
use crate::events::Events;
use seatrial_observation::{Event, Look};
use seatrial_probes::wait::{self, Patience};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long kind may take: on a slow disk the copy of the node's store alone takes a minute.
const PATIENCE: Duration = Duration::from_mins(5);

/// The line at which the node runs and its containerd starts.
const NODE_RUNS: &str = "Starting control-plane";

/// Clusters in containers of this host.
pub(super) struct Kind;

impl ClusterProvider for Kind {
    async fn create(&self, request: &Request, events: &Events) -> Result<Cluster, ClusterError> {
        if request.engine.image_id(&request.prober).await?.is_none() {
            return Err(no_prober(request));
        }
        let facts = facts(request).await?;
        let config = config::write(request, facts)?;
        let (node_runs, when_node_runs) = oneshot::channel();
        let creating = create_command(request, config.as_str(), events, node_runs).run_ok();
        // kubeadm waits more than it computes: the images go in meanwhile.
        let (created, _early) = tokio::join!(creating, load_early(request, when_node_runs));
        if let Err(error) = created {
            return Err(explained(request, error).await);
        }
        cluster(request).await
    }

    async fn until_ready(&self, cluster: &Cluster, request: &Request) -> Result<(), ClusterError> {
        ready::until_usable(cluster, &request.prober).await
    }

    async fn load(&self, cluster: &Cluster, request: &Request) -> Result<LoadReport, ClusterError> {
        let images = std::slice::from_ref(&request.prober);
        let report = load::load(&request.engine, &cluster.name, &cluster.nodes, images).await?;
        if report.absent.is_empty() { Ok(report) } else { Err(no_prober(request)) }
    }
}

fn no_prober(request: &Request) -> ClusterError {
    ClusterError::Load {
        cluster: request.name.clone(),
        image: request.prober.clone(),
        message: "the engine does not have it; run `./just setup`".to_owned(),
    }
}

/// The hash of all that makes a cluster: its settings, the node image, the version of Kubernetes. Clusters with the same
/// one can stand in for each other.
pub(super) async fn fingerprint(request: &Request) -> Result<String, ClusterError> {
    let image = match &request.node_image {
        Some(image) => format!("{image} {:?}", request.engine.image_id(image).await?),
        // The image that kind chooses is a matter of its version.
        None => request.engine.kind_version().await?,
    };
    let shape = config::shape(request, facts(request).await?);
    Ok(KeyOf::new().part(shape).part(image).key().to_string())
}

async fn facts(request: &Request) -> Result<Facts, ClusterError> {
    Ok(Facts {
        is_cgroup_v1: request.engine.cgroup_version().await? == "1",
        kubernetes_minor: request.node_image.as_deref().and_then(config::kubernetes_minor),
    })
}

fn create_command(request: &Request, config: &str, events: &Events, node_runs: oneshot::Sender<()>) -> Cmd {
    let kubeconfig = request.dir.join("kubeconfig");
    let args = ["create", "cluster", "--name", &request.name, "--config", config, "--kubeconfig", kubeconfig.as_str()];
    let image = request.node_image.iter().flat_map(|image| ["--image", image]);
    let (events, what) = (events.clone(), format!("cluster {}", request.name));
    let mut node_runs = Some(node_runs);
    request
        .engine
        .kind(args.into_iter().chain(image))
        .env("KUBECONFIG", kubeconfig.as_str())
        .env(CHILD_MARK, &request.name)
        .timeout(PATIENCE)
        .on_line(move |stream, line| {
            if line.contains(NODE_RUNS) {
                let _ = node_runs.take().map(|node_runs| node_runs.send(()));
            }
            if stream == Stream::Stderr && line.trim_start().starts_with('✓') {
                let line = line.trim().trim_start_matches('✓').trim().to_owned();
                events.emit(Event::Progress { what: what.clone(), line });
            }
        })
}

/// Loads the images of every cluster as soon as the node runs. What fails here is done again, and reported, later.
async fn load_early(request: &Request, when_node_runs: oneshot::Receiver<()>) -> Option<LoadReport> {
    when_node_runs.await.ok()?;
    let nodes = request.engine.nodes_of(&request.name).await.ok()?;
    let images = std::slice::from_ref(&request.prober);
    let patience = Patience::steady(Duration::from_secs(10), Duration::from_millis(200));
    let loaded = wait::until(&patience, async || {
        load::load(&request.engine, &request.name, &nodes, images).await.map(Look::Ready)
    });
    loaded.await.ok()
}

/// The cluster as the engine shows it.
pub(super) async fn cluster(request: &Request) -> Result<Cluster, ClusterError> {
    let nodes = request.engine.nodes_of(&request.name).await?;
    let published = match nodes.first() {
        Some(node) => request.engine.ports_of(node).await?,
        None => String::new(),
    };
    Ok(Cluster {
        name: request.name.clone(),
        kubeconfig: request.dir.join("kubeconfig"),
        context: None,
        provider: ProviderKind::Kind,
        nodes,
        host_ports: ports::host_ports(&published),
        capabilities: ProviderKind::Kind.capabilities(),
    })
}

/// kind's failure in terms of what the reader can mend.
async fn explained(request: &Request, error: CommandError) -> ClusterError {
    let cluster = request.name.clone();
    let CommandError::Exit { stderr, .. } = &error else {
        return ClusterError::Command { doing: format!("making cluster {cluster}"), source: error };
    };
    if let Some(port) = ports::port_in_use(stderr) {
        let holder = holder_of(request, &port).await;
        return ClusterError::PortInUse { cluster, port, holder };
    }
    if let Some(message) = image_trouble(stderr) {
        let image = request.node_image.clone().unwrap_or_else(|| "of kind's own choice".to_owned());
        return ClusterError::NodeImage { cluster, image, message };
    }
    if stderr.contains("Cannot connect to the Docker daemon") {
        return ClusterError::Engine { message: engine_message(&request.engine, stderr) };
    }
    ClusterError::Command { doing: format!("making cluster {cluster}"), source: error }
}

/// Who has a port: a container, or else a process.
async fn holder_of(request: &Request, port: &str) -> Option<String> {
    let container = request.engine.publisher_of(port).await;
    container.or_else(|| port.parse().ok().and_then(crate::host::ports::listener_on))
}

/// Refuses a port that somebody listens on, before minutes are spent on a cluster that can't have it.
pub(super) async fn check_ports(request: &Request) -> Result<(), ClusterError> {
    for port in request.ports.iter().filter_map(|(_, host)| *host) {
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_err() {
            let (cluster, port) = (request.name.clone(), port.to_string());
            let holder = holder_of(request, &port).await;
            return Err(ClusterError::PortInUse { cluster, port, holder });
        }
    }
    Ok(())
}

/// The line that says why the node image can't be had, if it is that.
fn image_trouble(stderr: &str) -> Option<String> {
    let is_it = ["failed to pull image", "pull access denied", "manifest unknown", "Unable to find image"];
    let line = stderr.lines().find(|line| is_it.iter().any(|words| line.contains(words)))?;
    let cause = stderr.lines().rfind(|line| line.contains("Error response from daemon"));
    Some(cause.unwrap_or(line).trim().to_owned())
}

fn engine_message(engine: &Engine, stderr: &str) -> String {
    let line = stderr.lines().find(|line| line.contains("Cannot connect")).unwrap_or(stderr);
    format!("{}: {}", engine.docker_program(), line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_cannot_be_pulled_is_recognised() {
        let stderr = "ERROR: failed to create cluster: failed to pull image \"x:1\": command \"docker pull x:1\" failed \
            with error: exit status 1\nCommand Output: Error response from daemon: Get \"https://r/\": no such host";
        assert_eq!(
            image_trouble(stderr).as_deref(),
            Some("Command Output: Error response from daemon: Get \"https://r/\": no such host")
        );
        assert_eq!(image_trouble("ERROR: failed to init node with kubeadm"), None);
    }

    /// Invariant 13: without these words kind writes into the user's own.
    #[test]
    fn kind_is_given_a_private_kubeconfig() {
        let request = Request {
            name: "st-abcd1234-top2v4".into(),
            dir: "/run-dir".into(),
            context: None,
            ports: Vec::new(),
            storage: None,
            node_image: None,
            prober: String::new(),
            engine: Engine::new("docker", "kind"),
        };
        let (node_runs, _when) = oneshot::channel();
        let argv = create_command(&request, "kind.yaml", &Events::none(), node_runs).argv().join(" ");
        assert!(argv.contains(" --kubeconfig /run-dir/kubeconfig"), "{argv}");
    }
}
