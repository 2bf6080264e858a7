//! No cluster at all: an environment of plain containers. What a contract says of the host's ports is judged there.

use super::load::LoadReport;
use super::provider::{ClusterProvider, ProviderKind, Request};
use super::{Cluster, ClusterError};
use crate::events::Events;
use std::collections::BTreeMap;

/// The engine alone.
pub(super) struct Plain;

impl ClusterProvider for Plain {
    async fn create(&self, request: &Request, _events: &Events) -> Result<Cluster, ClusterError> {
        request.engine.check().await?;
        Ok(Cluster {
            name: request.name.clone(),
            kubeconfig: request.dir.join("no-kubeconfig"),
            context: None,
            provider: ProviderKind::Docker,
            nodes: Vec::new(),
            host_ports: BTreeMap::new(),
            capabilities: ProviderKind::Docker.capabilities(),
        })
    }

    async fn until_ready(&self, _cluster: &Cluster, _request: &Request) -> Result<(), ClusterError> {
        Ok(())
    }

    async fn load(&self, _cluster: &Cluster, _request: &Request) -> Result<LoadReport, ClusterError> {
        Ok(LoadReport::default())
    }
}
