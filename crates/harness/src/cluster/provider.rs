//! What every provider of clusters can be asked.

use super::{Cluster, ClusterError, LoadReport};
use crate::cluster::engine::Engine;
use crate::events::Events;
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

/// Where a cluster comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProviderKind {
    /// Made by kind, and removed afterwards.
    #[default]
    Kind,
    /// Somebody else's; we only use it.
    Existing,
    /// None: plain containers of the engine.
    Docker,
}

impl std::fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Kind => "kind",
            Self::Existing => "existing",
            Self::Docker => "docker",
        })
    }
}

impl ProviderKind {
    /// What its clusters can do, known before there is one.
    pub fn capabilities(self) -> Capabilities {
        let is_ours = self == Self::Kind;
        let kubernetes = self != Self::Docker;
        Capabilities { kubernetes, create: is_ours, load_images: is_ours, host_ports: is_ours, node_access: is_ours }
    }
}

/// What can be done with a cluster; a clause that needs what is missing is skipped, known at listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "five independent facts, each asked by its name")]
pub struct Capabilities {
    /// There is an API server.
    pub kubernetes: bool,
    /// Made by us.
    pub create: bool,
    /// Images of the engine can be put on the nodes.
    pub load_images: bool,
    /// Node ports are reachable on 127.0.0.1.
    pub host_ports: bool,
    /// The node containers can be entered.
    pub node_access: bool,
}

/// What a provider is to make or find.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The cluster's name.
    pub(crate) name: String,
    /// A folder of ours for kubeconfig and configuration.
    pub(crate) dir: Utf8PathBuf,
    /// The context of the user's kubeconfig, for an existing cluster.
    pub(crate) context: Option<String>,
    /// Node port → host port; `None` lets the engine choose one.
    pub(crate) ports: Vec<(u16, Option<u16>)>,
    /// The folder of the host in which the data of local volumes lives.
    pub(crate) storage: Option<Utf8PathBuf>,
    /// The node image; `None` is the provider's own.
    pub(crate) node_image: Option<String>,
    /// The prober's image, which every cluster of ours runs.
    pub(crate) prober: String,
    /// Engine and programs.
    pub(crate) engine: Engine,
}

/// A source of clusters; what differs between them, and no more.
pub(crate) trait ClusterProvider {
    /// Makes or finds the cluster; its API answers afterwards.
    async fn create(&self, request: &Request, events: &Events) -> Result<Cluster, ClusterError>;

    /// Waits until it can be used: API, nodes, a DNS answer from a pod.
    async fn until_ready(&self, cluster: &Cluster, request: &Request) -> Result<(), ClusterError>;

    /// Puts images on its nodes.
    async fn load(&self, cluster: &Cluster, request: &Request) -> Result<LoadReport, ClusterError>;
}
