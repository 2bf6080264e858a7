//! A target: the one string by which a contract names a thing, the same everywhere.

use serde::{Deserialize, Serialize};

/// What a clause is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// `svc/NAME:PORT/path`; a name left out is the chart's only Service, a port left out its only port.
    Service {
        /// The Service's name.
        name: Name,
        /// Its port.
        port: Option<PortRef>,
        /// Path and query, with the leading slash; empty where none is written.
        path: String,
    },
    /// `host:5000/path`: the host port that publishes a Service (see `cluster.publish`).
    Host {
        /// The number as written; a shared cluster maps it to the port Docker gave.
        port: u16,
        /// Path and query, with the leading slash; empty where none is written.
        path: String,
    },
    /// `KIND/NAME` of any object.
    Object {
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: Name,
    },
}

/// The kind of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// One kind, by its full name (`Deployment`); short names were looked up while parsing, an unknown one is kept.
    Named(String),
    /// `pods/*`: the pod template of every workload.
    PodTemplates,
    /// `*/*`: every object.
    Any,
}

/// The name of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Name {
    /// This one.
    Is(String),
    /// `deploy` alone: the chart's only one of its kind.
    Only,
    /// `pvc/*`: all of them.
    All,
}

/// A port, by number or by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PortRef {
    /// Its number.
    Number(u16),
    /// Its name.
    Name(String),
}

/// Why a string is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing was written.
    #[error("a target is empty; write KIND/NAME, svc/NAME:PORT/path or host:PORT/path")]
    Empty,
    /// The port is neither a number nor a port name.
    #[error("`{port}` is no port; write a number from 1 to 65535 or a port's name")]
    Port {
        /// As written.
        port: String,
    },
    /// The name can't be one of Kubernetes.
    #[error("`{name}` is no name of an object (RFC 1123: lower case letters, digits, `-` and `.`)")]
    Name {
        /// As written.
        name: String,
    },
}
