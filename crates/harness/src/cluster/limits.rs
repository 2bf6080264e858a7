//! What a node may use: set on its container, so that the whole cluster stays within it.

use super::ClusterError;
use super::engine::Engine;
use seatrial_contracts::model::NodeResources;
use serde::Serialize;
use std::fmt;

/// Memory where the contract names none: enough for a control plane (0.5 GB) and what a developer runs beside it.
const MEMORY: u64 = 4 << 30;

/// The limits of a node.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Processors.
    pub cpus: f64,
    /// Memory, in bytes.
    pub memory: u64,
    /// Whether the contract names both.
    pub is_written: bool,
}

impl Limits {
    /// What the contract says, else a default; never more processors than this host has (the engine would refuse).
    pub fn of(written: NodeResources) -> Self {
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        Self::on(written, cores)
    }

    fn on(written: NodeResources, cores: f64) -> Self {
        Self {
            cpus: written.cpus.unwrap_or(cores).min(cores),
            memory: written.memory.unwrap_or(MEMORY),
            is_written: written.cpus.is_some() && written.memory.is_some(),
        }
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let default = if self.is_written { "" } else { " (default)" };
        write!(f, "{} CPUs, {:.1} GB of memory{default}", self.cpus, self.memory as f64 / 1e9)
    }
}

/// Sets them on the nodes; swap would only hide that memory is short.
pub(super) async fn set(engine: &Engine, cluster: &str, nodes: &[String], limits: Limits) -> Result<(), ClusterError> {
    let (cpus, memory) = (limits.cpus.to_string(), limits.memory.to_string());
    let args = ["update", "--cpus", &cpus, "--memory", &memory, "--memory-swap", &memory];
    let set = engine.docker(args.into_iter().chain(nodes.iter().map(String::as_str))).run_ok().await;
    set.map(drop).map_err(ClusterError::command(format!("limiting the nodes of cluster {cluster} to {limits}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_is_a_default() {
        let limits = Limits::on(NodeResources::default(), 8.0);
        assert_eq!(limits.to_string(), "8 CPUs, 4.3 GB of memory (default)");
        let written = NodeResources { cpus: Some(2.0), memory: Some(2_000_000_000) };
        assert_eq!(Limits::on(written, 8.0).to_string(), "2 CPUs, 2.0 GB of memory");
    }

    #[test]
    fn no_host_gives_more_processors_than_it_has() {
        let written = NodeResources { cpus: Some(2.0), memory: None };
        assert!((Limits::on(written, 1.0).cpus - 1.0).abs() < f64::EPSILON);
    }
}
