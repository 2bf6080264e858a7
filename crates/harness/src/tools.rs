//! Where the programs are that we call: named by the user, on PATH if the version
//! fits, else the pinned ones in the cache.

mod find;
mod images;

pub use find::skaffold_and_helm;
pub use find::{Found, helm_4};
pub(crate) use find::{docker, helm, helm_3, kind, skaffold};
pub(crate) use images::postgres_image;
pub use images::{named_image, node_image, prober_image, registry_image};

use camino::Utf8PathBuf;
use thiserror::Error;

/// The programs that make and fill clusters.
#[derive(Debug, Clone)]
pub struct Tools {
    /// kind 0.31 or newer.
    pub kind: Utf8PathBuf,
    /// Helm 3.14 or newer, or Helm 4.
    pub helm: Utf8PathBuf,
    /// Docker's client.
    pub docker: Utf8PathBuf,
    /// kubectl, where there is one; nothing of ours depends on it.
    pub kubectl: Option<Utf8PathBuf>,
}

impl Tools {
    /// Finds all of them.
    pub fn find() -> Result<Self, ToolError> {
        Ok(Self { kind: kind()?.path, helm: helm()?.path, docker: docker()?, kubectl: find::kubectl() })
    }

    /// Why kind and Helm, each that is not at hand, can't be used.
    pub fn missing() -> Vec<ToolError> {
        [kind(), helm()].into_iter().filter_map(Result::err).collect()
    }

    /// Finds Docker's client alone, which is all that plain containers need.
    pub fn find_docker() -> Result<Utf8PathBuf, ToolError> {
        docker()
    }

    /// Finds Helm alone, which is all that the static tier needs.
    pub fn find_helm() -> Result<Utf8PathBuf, ToolError> {
        Ok(helm()?.path)
    }
}

/// Why a program or an image is not at hand.
#[derive(Debug, Error)]
pub enum ToolError {
    /// It is not there.
    #[error("{what} is missing: run `./just setup` (or `seatrial setup`)")]
    Missing {
        /// The program or image.
        what: String,
    },
    /// The user named one that does not fit.
    #[error("{variable} names {path}, which {reason}")]
    Named {
        /// The variable of the environment.
        variable: &'static str,
        /// What it says.
        path: Utf8PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What an image is made from can't be found or read.
    #[error(transparent)]
    Source(#[from] Box<crate::setup::StepError>),
}
