//! Why there is no cluster, in words that name the thing and the remedy.

use crate::command::CommandError;
use crate::lease::LeaseError;
use crate::step_file::StepFileError;
use crate::tools::ToolError;
use camino::Utf8PathBuf;
use seatrial_probes::wait::WaitError;
use thiserror::Error;

/// Why a cluster did not come up or can't be used. All of them are the environment's (exit code 30).
#[derive(Debug, Error)]
pub enum ClusterError {
    /// A program failed while doing something for the cluster.
    #[error("{doing} failed: {source}")]
    Command {
        /// What was being done.
        doing: String,
        /// How it failed.
        source: CommandError,
    },
    /// A port of the host that the cluster was to publish is taken.
    #[error("cluster {cluster}: port {port} on 127.0.0.1 is in use{}; free it, or publish another port", held_by(holder.as_deref()))]
    PortInUse {
        /// The cluster.
        cluster: String,
        /// The port.
        port: String,
        /// What holds it, where that is known.
        holder: Option<String>,
    },
    /// The node image can't be had.
    #[error("cluster {cluster}: the node image {image} can't be had ({message}); run `./just setup`")]
    NodeImage {
        /// The cluster.
        cluster: String,
        /// The image.
        image: String,
        /// The engine's words.
        message: String,
    },
    /// A program or image of ours is missing.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The container engine does not answer.
    #[error(
        "the container engine does not answer ({message}); run `./just setup`, or look at DOCKER_HOST if you set it"
    )]
    Engine {
        /// Its client's words.
        message: String,
    },
    /// It is up but never got usable.
    #[error("cluster {cluster}: {what}: {source}; `--keep 1h` leaves it to be looked into")]
    NotReady {
        /// The cluster.
        cluster: String,
        /// What was waited for.
        what: &'static str,
        /// What was seen last.
        source: Box<WaitError>,
    },
    /// An image is not on the nodes after it was loaded.
    #[error("cluster {cluster}: image {image} could not be loaded: {message}")]
    Load {
        /// The cluster.
        cluster: String,
        /// The image.
        image: String,
        /// Why.
        message: String,
    },
    /// The kubeconfig can't be used.
    #[error("kubeconfig {path}: {message}")]
    Kubeconfig {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        message: String,
    },
    /// The context is not in the user's kubeconfig.
    #[error("there is no context `{context}` in the kubeconfig; it has: {}", known.join(", "))]
    NoContext {
        /// What was asked for.
        context: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The repository does not let this context be used.
    #[error("the context `{context}` may not be used: {reason}; name another by `--context`")]
    Forbidden {
        /// The context.
        context: String,
        /// What forbids it.
        reason: String,
    },
    /// The API server refused.
    #[error("cluster {cluster}: {doing}: {source}")]
    Api {
        /// The cluster.
        cluster: String,
        /// What was being done.
        doing: &'static str,
        /// Its answer.
        source: Box<kube::Error>,
    },
    /// A cluster of that name is not ours.
    #[error(
        "a kind cluster {cluster} is there that Seatrial did not make; remove it with `kind delete cluster --name {cluster}`, or give ours another name"
    )]
    Foreign {
        /// The cluster.
        cluster: String,
    },
    /// It stands in the other mode.
    #[error("{cluster} stands already, made by {provider}; `seatrial down` removes it")]
    OtherMode {
        /// Its name.
        cluster: String,
        /// What made it.
        provider: super::ProviderKind,
    },
    /// Another process is making or removing it.
    #[error("cluster {cluster} is being made or removed by process {pid}; wait for its end")]
    Busy {
        /// The cluster.
        cluster: String,
        /// The process.
        pid: i32,
    },
    /// A file of ours can't be written or read.
    #[error("{path}: {source}{}", crate::state::remedy(source))]
    State {
        /// The file.
        path: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The lease can't be kept.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The outcome of another process can't be read.
    #[error(transparent)]
    Step(#[from] StepFileError),
    /// The bring-up of this run failed; every process reads the same reason.
    #[error("{message}")]
    BringUp {
        /// The reason, with its remedy.
        message: String,
    },
}

impl ClusterError {
    /// Adds what was being done to a failed command.
    pub(crate) fn command(doing: impl Into<String>) -> impl FnOnce(CommandError) -> Self {
        let doing = doing.into();
        move |source| Self::Command { doing, source }
    }

    /// Adds the file to an error of the system.
    pub(crate) fn state(path: impl Into<Utf8PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::State { path, source }
    }
}

fn held_by(holder: Option<&str>) -> String {
    holder.map(|holder| format!(" (by {holder})")).unwrap_or_default()
}
