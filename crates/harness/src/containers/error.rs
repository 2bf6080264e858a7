//! Why a container is not there, in words that name the thing and the remedy.

use crate::cluster::engine::Engine;
use crate::command::CommandError;
use crate::tools::ToolError;
use thiserror::Error;

/// Why a container could not be had. All of them are the environment's (exit code 30).
#[derive(Debug, Error)]
pub enum ContainerError {
    /// The engine's client is missing.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The engine refused, or does not answer.
    #[error("container {name}: the engine says: {message}; if it does not run, `./just setup` starts it")]
    Engine {
        /// The container, or the label that was asked for.
        name: String,
        /// Its words.
        message: String,
    },
    /// The engine's client can't be run.
    #[error("container {name}: {source}")]
    Command {
        /// The container.
        name: String,
        /// Why.
        source: Box<CommandError>,
    },
    /// It did not start.
    #[error("container {name} of {image} did not start: {message}")]
    Start {
        /// The container.
        name: String,
        /// Its image.
        image: String,
        /// The engine's words.
        message: String,
    },
    /// The image can't be had.
    #[error(
        "container {name}: the image {image} is not there and can't be pulled ({message}); run `./just setup`, \
             or build it (`docker build --tag {image} …`)"
    )]
    Image {
        /// The container.
        name: String,
        /// The image.
        image: String,
        /// The engine's words.
        message: String,
    },
    /// A port of the host is taken.
    #[error("container {name}: port {port} on 127.0.0.1 is in use{holder}; free it, or publish another port")]
    PortInUse {
        /// The container.
        name: String,
        /// The port.
        port: String,
        /// What holds it, where that is known (` (by …)`).
        holder: String,
    },
    /// There is one of that name that we did not make.
    #[error("a container {name} is there that Seatrial did not make; remove it with `docker rm --force {name}`")]
    Foreign {
        /// The container.
        name: String,
    },
    /// It was there and is no more.
    #[error("container {name} is gone")]
    Gone {
        /// The container.
        name: String,
    },
    /// It was started, and the engine's client does not see it.
    #[error(
        "container {name} was started by another engine than `docker` speaks with; set DOCKER_HOST to the one you mean"
    )]
    AnotherEngine {
        /// The container.
        name: String,
    },
    /// What the engine says of it can't be read.
    #[error("container {name}: the engine's answer can't be read: {message}")]
    Unreadable {
        /// The container.
        name: String,
        /// What is wrong with it.
        message: String,
    },
}

impl ContainerError {
    /// Adds who holds the port.
    pub(super) async fn with_holder(self, engine: &Engine) -> Self {
        let Self::PortInUse { name, port, .. } = self else { return self };
        let holder = engine.publisher_of(&port).await.filter(|holder| !holder.ends_with(&format!(" {name}")));
        let holder = holder.map(|holder| format!(" (by {holder})")).unwrap_or_default();
        Self::PortInUse { name, port, holder }
    }
}
