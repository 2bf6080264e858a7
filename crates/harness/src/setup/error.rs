//! Why a host could not be made ready.

use super::Need;
use crate::cache::CacheError;
use crate::command::CommandError;
use camino::Utf8PathBuf;
use seatrial_probes::wait::WaitError;
use thiserror::Error;

/// A need that could not be met, and why.
#[derive(Debug, Error)]
#[error("{need}: {source}")]
pub struct SetupError {
    /// Which need.
    pub need: Need,
    /// What went wrong.
    pub source: StepError,
}

/// What went wrong in one step.
#[derive(Debug, Error)]
pub enum StepError {
    /// A command could not be run, or failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The cache could not be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// A package must be installed and this is no Debian, or we are not root.
    #[error(
        "the package {package} is missing and can't be installed here: {reason}; install it by hand and run `seatrial setup` again"
    )]
    Package {
        /// The Debian name of the package.
        package: String,
        /// Why not.
        reason: &'static str,
    },
    /// The engine was started and does not answer.
    #[error("the engine was started and does not answer: {source}; the end of {log}:\n{tail}")]
    EngineSilent {
        /// Where it writes.
        log: Utf8PathBuf,
        /// What it wrote last.
        tail: String,
        /// How long was waited, and what was seen.
        source: Box<WaitError>,
    },
    /// The engine is not running and only root can start it.
    #[error(
        "no container engine answers, and only root can start one: {reason}; start Docker, or run `seatrial setup` as root"
    )]
    NotRoot {
        /// What `docker version` said.
        reason: String,
    },
    /// Our own programs are built from the checkout.
    #[error(
        "the images of Seatrial's own programs are built from its sources, and no checkout was found; run inside it, or set SEATRIAL_WORKSPACE"
    )]
    NoCheckout,
}
