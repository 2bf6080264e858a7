//! Containers beside clusters: references to measure against, what a contract needs, and the whole of Docker mode.
//! testcontainers starts them, with reuse: they have a fixed name, outlive the process, and are found again. What takes
//! them down are labels: the guard and the reaper remove those of a run ([`labels_of_run`]), only `down` removes those
//! that `up` made ([`labels_of_up`]).

mod error;
mod labels;
mod seen;
mod spec;
mod start;

pub use error::ContainerError;
pub use labels::{labels_of_run, labels_of_up, network_of_up};
pub use spec::ContainerSpec;

pub(crate) use labels::{EXPIRES, of_run, of_up};

use crate::cluster::RUN_LABEL;
use crate::cluster::engine::Engine;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A container as the engine shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Container port → port on 127.0.0.1; empty while it does not run.
    pub host_ports: BTreeMap<u16, u16>,
    /// When the engine started it last, to the nanosecond.
    pub started_at: Timestamp,
    /// Whether it runs now.
    pub is_running: bool,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Network → its address there (IPv4); without those where it has none.
    pub networks: BTreeMap<String, String>,
}

impl Container {
    /// The run it belongs to.
    pub(crate) fn run(&self) -> Option<&str> {
        self.labels.get(RUN_LABEL).map(String::as_str)
    }
}

/// Starts it, or gives the running one of this name and spec. One of ours with another spec is replaced; one that is
/// not ours is refused.
pub async fn run(spec: &ContainerSpec) -> Result<Container, ContainerError> {
    let engine = Engine::alone()?;
    let digest = spec.digest();
    if let Some(there) = seen::inspect(&engine, &spec.name).await? {
        match there.labels.get(labels::SPEC) {
            Some(label) if *label == digest && there.is_running => return Ok(there),
            Some(_) => delete(&engine, &spec.name).await?,
            None => return Err(ContainerError::Foreign { name: spec.name.clone() }),
        }
    }
    if let Err(refused) = start::start(spec, &digest).await {
        // It was made, and did not start: nothing half done stays.
        let _ = delete(&engine, &spec.name).await;
        return Err(refused.with_holder(&engine).await);
    }
    let started = seen::inspect(&engine, &spec.name).await?;
    started.ok_or_else(|| ContainerError::AnotherEngine { name: spec.name.clone() })
}

/// What the engine knows of it; `None` if there is none of this name.
pub async fn inspect(name: &str) -> Result<Option<Container>, ContainerError> {
    seen::inspect(&Engine::alone()?, name).await
}

/// Stops and starts it, as `docker restart` does; a port that the engine chose is another one afterwards.
pub async fn restart(name: &str) -> Result<Container, ContainerError> {
    let engine = Engine::alone()?;
    seen::told(&engine, name, ["restart", "--time", "10", name]).await?;
    seen::inspect(&engine, name).await?.ok_or_else(|| ContainerError::Gone { name: name.to_owned() })
}

/// Stops it, and waits until it is stopped; it can be started again.
pub(crate) async fn stop(name: &str) -> Result<(), ContainerError> {
    seen::told(&Engine::alone()?, name, ["stop", "--time", "10", name]).await.map(drop)
}

/// Starts one that was stopped; its address and the ports that the engine chose may be others.
pub(crate) async fn start_again(name: &str) -> Result<Container, ContainerError> {
    let engine = Engine::alone()?;
    seen::told(&engine, name, ["start", name]).await?;
    seen::inspect(&engine, name).await?.ok_or_else(|| ContainerError::Gone { name: name.to_owned() })
}

/// The same, asked of a given engine.
pub(crate) async fn inspect_by(engine: &Engine, name: &str) -> Result<Option<Container>, ContainerError> {
    seen::inspect(engine, name).await
}

/// Removes it with its anonymous volumes; that there is none is what was wanted.
pub async fn remove(name: &str) -> Result<(), ContainerError> {
    delete(&Engine::alone()?, name).await
}

/// The last lines that it printed, of both streams.
pub async fn logs(name: &str, lines: usize) -> Result<String, ContainerError> {
    let count = lines.to_string();
    let finished = seen::told(&Engine::alone()?, name, ["logs", "--tail", &count, name]).await?;
    Ok(format!("{}{}", finished.stdout, finished.stderr))
}

/// The names of all containers with this label, running or not.
pub(crate) async fn labelled(engine: &Engine, label: &str) -> Result<Vec<String>, ContainerError> {
    let filter = format!("label={label}");
    let listed = ["ps", "--all", "--filter", &filter, "--format", "{{.Names}}"];
    let finished = seen::told(engine, label, listed).await?;
    Ok(finished.stdout.split_whitespace().map(ToOwned::to_owned).collect())
}

/// Removes all containers with this label.
pub(crate) async fn remove_labelled(engine: &Engine, label: &str) -> Result<Vec<String>, ContainerError> {
    let names = labelled(engine, label).await?;
    for name in &names {
        delete(engine, name).await?;
    }
    Ok(names)
}

/// Removes the network of what `up` made; that there is none is what was wanted.
pub(crate) async fn remove_network_of_up(engine: &Engine, name: &str) -> Result<(), ContainerError> {
    let network = network_of_up(name);
    match seen::told(engine, name, ["network", "rm", &network]).await {
        Err(ContainerError::Engine { message, .. }) if message.contains("not found") => Ok(()),
        removed => removed.map(drop),
    }
}

/// Removes one; that there is none is what was wanted.
pub(crate) async fn delete(engine: &Engine, name: &str) -> Result<(), ContainerError> {
    match seen::told(engine, name, ["rm", "--force", "--volumes", name]).await {
        Err(ContainerError::Engine { message, .. }) if message.contains("No such container") => Ok(()),
        removed => removed.map(drop),
    }
}
