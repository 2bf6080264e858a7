//! A cluster at work: everything that bringing up and looking at releases needs.

use super::api::{ApiError, Objects};
use crate::cluster::{Cluster, ClusterError};
use crate::events::Events;
use crate::evidence::Evidence;
use crate::helm::{Helm, HelmError};
use crate::lease::LockError;
use crate::prober::{Prober, ProberError};
use crate::run_id::RunId;
use crate::step_file::StepFileError;
use crate::tools::Tools;
use camino::Utf8PathBuf;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

/// Why a release could not even be tried: the environment's fault (exit code 30), never the chart's.
#[derive(Debug, Error)]
pub enum ReleaseError {
    /// The cluster.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The API server.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Helm could not be run.
    #[error(transparent)]
    Helm(#[from] HelmError),
    /// The namespace could not be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The prober.
    #[error(transparent)]
    Prober(Box<ProberError>),
    /// A record of the run.
    #[error(transparent)]
    Step(#[from] StepFileError),
    /// A file of ours.
    #[error("{path}: {source}{}", crate::state::remedy(source))]
    State {
        /// The file.
        path: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The namespace belongs to somebody else.
    #[error(
        "namespace {namespace} is there and was not made by Seatrial; use another cluster, or remove it with \
         `kubectl delete namespace {namespace}`"
    )]
    Foreign {
        /// The namespace.
        namespace: String,
    },
    /// Something did not go away.
    #[error("{what} is not gone: {message}")]
    NotGone {
        /// What.
        what: String,
        /// What was seen last.
        message: String,
    },
    /// The cluster went away in the middle of the run.
    #[error("cluster {cluster} went away: {message}; what was not judged by then has no verdict, run it again")]
    Lost {
        /// The cluster.
        cluster: String,
        /// What was seen last.
        message: String,
    },
    /// What the chart needs could not be made.
    #[error("the need `{need}` can't be met: {message}")]
    Need {
        /// Its kind and name.
        need: String,
        /// Why.
        message: String,
    },
    /// Another process met it and wrote it down.
    #[error("{message}")]
    Recorded {
        /// Its words.
        message: String,
    },
}

impl From<ProberError> for ReleaseError {
    fn from(error: ProberError) -> Self {
        Self::Prober(Box::new(error))
    }
}

/// A cluster, and our hands on it.
pub(crate) struct Site {
    pub(crate) cluster: Cluster,
    pub(crate) objects: Objects,
    pub(crate) helm: Helm,
    pub(crate) is_helm_4: bool,
    pub(crate) tools: Tools,
    pub(crate) run: RunId,
    pub(crate) slow: f64,
    /// The run's folder for this cluster: steps and who holds a namespace.
    pub(crate) dir: Utf8PathBuf,
    pub(crate) events: Events,
    pub(crate) prober_image: String,
    pub(crate) evidence: Evidence,
    pub(crate) probers: Mutex<HashMap<String, Arc<Prober>>>,
    /// Stages with a Service port that does not come back; nobody waits for it twice.
    pub(crate) unreachable: Mutex<HashSet<String>>,
}

impl Site {
    /// The folder of what was learnt once.
    pub(crate) fn steps(&self) -> Utf8PathBuf {
        self.dir.join("steps")
    }

    /// The prober of a namespace; the forward to it is kept.
    pub(crate) fn prober(&self, namespace: &str) -> Arc<Prober> {
        let mut probers = self.probers.lock().unwrap_or_else(PoisonError::into_inner);
        let prober = probers.entry(namespace.to_owned());
        let new = || Arc::new(Prober::of(&self.objects, namespace, &self.prober_image, &self.run));
        Arc::clone(prober.or_insert_with(new))
    }

    /// Forgets the way to the prober of a namespace that goes away.
    pub(crate) fn forget_prober(&self, namespace: &str) {
        self.probers.lock().unwrap_or_else(PoisonError::into_inner).remove(namespace);
    }
}
