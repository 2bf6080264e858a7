//! Clusters: the shared `st-…` cluster of a run, named ones for `up`, and existing ones that are only used.

mod adopt;
mod cluster_error;
mod config;
mod existing;
mod kind;
mod limits;
mod load;
mod name;
mod plain;
mod ports;
mod provider;
mod ready;
mod shared;
mod storage;
mod up;

pub(crate) mod engine;

pub use cluster_error::ClusterError;
pub use limits::Limits;
pub use load::{LoadReport, load_images};
pub use name::cluster_name;
pub use provider::{Capabilities, ProviderKind};
pub use ready::until_usable;
pub use shared::{Means, Wanted, release, shared};
pub use up::{Publish, keep_named, named, remove_named};

pub(crate) use load::check_engine;
pub(crate) use name::expiry_of;
pub(crate) use ports::port_in_use;
pub(crate) use shared::start_guard;
pub(crate) use storage::make_directory;
pub(crate) use up::standing;

use crate::command::Cmd;
use camino::{Utf8Path, Utf8PathBuf};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The label of every object that Seatrial makes in a cluster beside releases: its value is the run. The guard
/// removes namespaces that carry it from an existing cluster.
pub const RUN_LABEL: &str = "seatrial.dev/run";

/// The namespace of what Seatrial runs for itself on a cluster of its own.
pub const SYSTEM_NAMESPACE: &str = "seatrial-system";

/// The variable by which the reaper recognises processes that a dead run left: its value is the cluster.
pub(crate) const CHILD_MARK: &str = "SEATRIAL_CLUSTER";

/// The command that guards a lease, `… guard --lease`: the lease's path is appended to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardCommand(pub Vec<String>);

/// A cluster that is up, and how it is reached. Plain data: one process makes it, others read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// Its name (kind's, or one made of run and server for an existing one).
    pub name: String,
    /// The private kubeconfig.
    pub kubeconfig: Utf8PathBuf,
    /// The context in it; `None` is its current one.
    pub context: Option<String>,
    /// Who made it.
    pub provider: ProviderKind,
    /// The node containers; empty for an existing cluster.
    pub nodes: Vec<String>,
    /// Node port → port on 127.0.0.1 of this host.
    pub host_ports: BTreeMap<u16, u16>,
    /// What can be done with it.
    pub capabilities: Capabilities,
}

impl Cluster {
    /// A client of its API server.
    pub async fn client(&self) -> Result<kube::Client, ClusterError> {
        client_of(&self.kubeconfig, self.context.as_deref()).await
    }

    /// A command that sees this cluster and no other: its kubeconfig is the private one, and it dies with the run.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Cmd {
        Cmd::new(program).env("KUBECONFIG", self.kubeconfig.as_str()).env(CHILD_MARK, &self.name)
    }
}

/// A client from a kubeconfig file. The file is read here: kube would look into the environment.
pub(crate) async fn client_of(kubeconfig: &Utf8Path, context: Option<&str>) -> Result<kube::Client, ClusterError> {
    let refused = |message: String| ClusterError::Kubeconfig { path: kubeconfig.to_owned(), message };
    let read = Kubeconfig::read_from(kubeconfig).map_err(|error| refused(error.to_string()))?;
    let options = KubeConfigOptions { context: context.map(ToOwned::to_owned), ..KubeConfigOptions::default() };
    let mut config =
        kube::Config::from_custom_kubeconfig(read, &options).await.map_err(|error| refused(error.to_string()))?;
    config.connect_timeout = Some(std::time::Duration::from_secs(5));
    // A proxy of the user's environment has no business between us and a node on this host.
    if config.cluster_url.host().is_some_and(|host| host == "127.0.0.1" || host == "localhost") {
        config.proxy_url = None;
    }
    kube::Client::try_from(config).map_err(|error| refused(error.to_string()))
}
