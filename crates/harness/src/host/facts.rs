//! The facts about a host.

use super::kind::HostKind;
use super::{capabilities, kernel, ports, registry};
use crate::cache::cache_dir;
use crate::command::Cmd;
use serde::Serialize;
use std::time::Duration;

/// Which control groups the kernel offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cgroup {
    /// One hierarchy a controller; kubelet takes it only when told so.
    V1,
    /// The unified hierarchy.
    V2,
    /// None is mounted.
    None,
}

/// The limits of inotify; several clusters on one host exhaust the defaults.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Inotify {
    /// Instances a user may have.
    pub instances: Option<u64>,
    /// Watches a user may have.
    pub watches: Option<u64>,
}

/// What this host is and has.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HostFacts {
    /// The distribution, by its own name.
    pub os: String,
    /// The release of the kernel.
    pub kernel: String,
    /// The architecture.
    pub arch: &'static str,
    /// Cores that we may use.
    pub cores: usize,
    /// All memory, in bytes.
    pub memory: u64,
    /// What is free where the cache is, in bytes.
    pub disk_free: u64,
    /// The version of the engine that answers.
    pub engine: Option<String>,
    /// Whether image registries answer.
    pub registry: bool,
    /// Whether we are root.
    pub is_root: bool,
    /// The capabilities that this host can give to nobody.
    pub missing_capabilities: Vec<String>,
    /// As many files as a process may ever open.
    pub nofile_hard: u64,
    /// Which control groups.
    pub cgroup: Cgroup,
    /// The limits of inotify.
    pub inotify: Inotify,
    /// Kernel modules that are neither built in nor loaded.
    pub absent_modules: Vec<String>,
    /// The TCP ports on which somebody listens.
    pub ports_in_use: Vec<u16>,
}

impl HostFacts {
    /// Looks around; takes some tens of milliseconds, and 3 s where registries do not answer.
    pub async fn look() -> Self {
        let (engine, registry) = tokio::join!(engine(), registry::is_reachable());
        Self {
            os: os(),
            kernel: kernel::release(),
            arch: std::env::consts::ARCH,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: kernel::memory(),
            disk_free: kernel::disk_free(&cache_dir()),
            engine,
            registry,
            is_root: rustix::process::geteuid().is_root(),
            missing_capabilities: capabilities::missing(),
            nofile_hard: kernel::nofile_hard(),
            cgroup: kernel::cgroup(),
            inotify: kernel::inotify(),
            absent_modules: kernel::absent_modules(),
            ports_in_use: ports::in_use(),
        }
    }

    /// Which kind of host that makes.
    #[must_use]
    pub fn kind(&self) -> HostKind {
        let lacks = !self.missing_capabilities.is_empty();
        HostKind::of(self.engine.is_some(), self.registry, lacks)
    }
}

async fn engine() -> Option<String> {
    let asked = Cmd::new("docker").args(["version", "--format", "{{.Server.Version}}"]);
    let answer = asked.timeout(Duration::from_secs(20)).run_ok().await.ok()?;
    Some(answer.text().to_owned())
}

fn os() -> String {
    let text = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.unwrap_or("unknown").trim_matches('"').to_owned()
}
