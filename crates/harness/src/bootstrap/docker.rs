//! Docker mode: the image of the release as one container, on the same ports and with the same data. For whoever wants
//! no Kubernetes, and where kind or Helm is missing.

use crate::cluster::engine::Engine;
use crate::cluster::{ClusterError, GuardCommand, ProviderKind, make_directory, standing};
use crate::containers::{self, Container, ContainerError, ContainerSpec, labels_of_up, network_of_up};
use crate::events::Events;
use crate::lease::{Lease, Owner};
use crate::run_id::RunId;
use crate::state;
use camino::Utf8PathBuf;
use seatrial_contracts::model::{ClusterSpec, DockerSpec};
use seatrial_observation::Event;
use std::time::{Duration, Instant};
use thiserror::Error;

/// Why Docker mode did not come up (exit code 30).
#[derive(Debug, Error)]
pub enum DockerModeError {
    /// Lease, guard, or something else of that name.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The container.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// The engine's client is missing.
    #[error(transparent)]
    Tool(#[from] crate::tools::ToolError),
    /// The folder of the data.
    #[error("{path}: {source}")]
    Data {
        /// The folder.
        path: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// The name of the container.
pub fn container_name(cluster: &str, release: &str) -> String {
    format!("{cluster}-{release}")
}

/// Starts the container, or gives the one that an earlier `up` left. Its lease is an ordinary one until it is kept.
pub async fn up(
    spec: &ClusterSpec,
    docker: &DockerSpec,
    release: (&str, &str),
    guard: &GuardCommand,
    events: &Events,
) -> Result<Container, DockerModeError> {
    let engine = Engine::alone()?;
    engine.check().await?;
    if standing(&spec.name, ProviderKind::Docker).await?.is_none() {
        let lease = lease(&spec.name, engine);
        lease.write().map_err(ClusterError::from)?;
        crate::cluster::start_guard(&lease, guard)?;
    }
    let wanted = container(spec, docker, release)?;
    let (what, started) = (format!("container {}", wanted.name), Instant::now());
    events.emit(Event::Started { what: what.clone() });
    let made = containers::run(&wanted).await;
    let seconds = started.elapsed().as_secs_f64();
    events.emit(match &made {
        Ok(_) => Event::Finished { what, seconds },
        Err(error) => Event::Failed { what, message: error.to_string(), seconds },
    });
    Ok(made?)
}

/// What runs: the data in the same directories that the claims of the release have in a cluster.
fn container(
    spec: &ClusterSpec,
    docker: &DockerSpec,
    (release, namespace): (&str, &str),
) -> Result<ContainerSpec, DockerModeError> {
    let mut mounts = Vec::new();
    for (claim, inside) in docker.volumes.iter().filter(|_| spec.host_storage) {
        let storage = state::storage_dir(&spec.name);
        let made = make_directory(&storage, namespace, claim);
        mounts.push((made.map_err(|source| DockerModeError::Data { path: storage, source })?, inside.clone()));
    }
    Ok(ContainerSpec {
        name: container_name(&spec.name, release),
        ports: docker.ports.iter().map(|(host, inside)| (*inside, Some(*host))).collect(),
        mounts,
        labels: labels_of_up(&spec.name),
        // What runs beside it reaches it by its name.
        network: (!spec.beside.is_empty()).then(|| network_of_up(&spec.name)),
        ..of_image(docker)
    })
}

/// The image, and how it is started, wherever it runs.
pub(crate) fn of_image(docker: &DockerSpec) -> ContainerSpec {
    ContainerSpec {
        image: docker.image.clone(),
        env: docker.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        user: docker.user.clone(),
        ..ContainerSpec::default()
    }
}

fn lease(name: &str, engine: Engine) -> Lease {
    let dir = state::cluster_dir(name);
    Lease {
        cluster: name.to_owned(),
        provider: ProviderKind::Docker,
        run: RunId::current().to_string(),
        home: state::home(),
        kubeconfig: dir.join("kubeconfig"),
        dirs: vec![dir],
        owner: Owner::this_process(),
        expires: None,
        is_kept: false,
        keep: Duration::ZERO,
        warm_until: None,
        engine,
    }
}
