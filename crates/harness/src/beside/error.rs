//! Why a program beside a release does not run: the environment's fault, never the chart's.

use crate::cluster::ClusterError;
use crate::containers::ContainerError;
use crate::release::ApiError;
use crate::tools::ToolError;
use seatrial_contracts::model::{EnvPart, Target};
use seatrial_probes::wait::WaitError;
use thiserror::Error;

/// Why a program beside a release does not run.
#[derive(Debug, Error)]
pub enum BesideError {
    /// Its image was not built.
    #[error(transparent)]
    Image(#[from] ToolError),
    /// Its image can't be put on the nodes.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The API server refused it.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The engine refused it.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// A variable names a Service port that is not there.
    #[error("cluster.beside.{name}: {target} has no address here")]
    NoAddress {
        /// The program.
        name: String,
        /// What its variable names.
        target: Target,
    },
    /// A variable names one of the environment that is not set.
    #[error("cluster.beside.{name}: the environment variable {variable} is not set")]
    NoVariable {
        /// The program.
        name: String,
        /// The variable of the environment.
        variable: String,
    },
    /// The chart has an object of that name.
    #[error("cluster.beside.{name}: {kind}/{name} is there and not ours; give the program another name")]
    Foreign {
        /// The program.
        name: String,
        /// The kind of the object.
        kind: &'static str,
    },
    /// The cluster was made before the contract wanted it.
    #[error("cluster.beside.{name}: the cluster was made without port {port}; `seatrial down`, then `seatrial up`")]
    NoPort {
        /// The program.
        name: String,
        /// Its port on this host.
        port: u16,
    },
    /// Its pod does not get ready.
    #[error("cluster.beside.{name}: it does not get ready: {problem}")]
    NotReady {
        /// The program.
        name: String,
        /// What was seen.
        problem: String,
    },
    /// It does not answer on this host.
    #[error("cluster.beside.{name}: {url} does not answer: {source}")]
    NoAnswer {
        /// The program.
        name: String,
        /// What was asked.
        url: String,
        /// What was seen last.
        source: Box<WaitError>,
    },
}

impl BesideError {
    /// What a part of a variable's value names is not there.
    pub(super) fn unknown(name: &str, part: &EnvPart) -> Self {
        let name = name.to_owned();
        match part {
            EnvPart::Address(target) => Self::NoAddress { name, target: target.clone() },
            EnvPart::Variable(variable) | EnvPart::Text(variable) => {
                Self::NoVariable { name, variable: variable.clone() }
            }
        }
    }
}
