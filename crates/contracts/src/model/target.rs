//! A target: the one string by which a contract names a thing, the same everywhere.

use super::{ObjectPath, PathStep};
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
    /// `ingress/NAME/path`: through the controller that serves the Ingress, with Host and SNI of its first rule.
    Ingress {
        /// The Ingress's name.
        name: Name,
        /// Path and query, with the leading slash.
        path: String,
    },
    /// `deploy/NAME:8081/path`: a port of a workload's own pod, ready or not, whether a Service leads there or not.
    Pod {
        /// The kind of the workload: `Deployment`, `StatefulSet` or `DaemonSet`.
        kind: String,
        /// Its name.
        name: Name,
        /// The container's port.
        port: PortRef,
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

impl Target {
    /// The kinds whose pods may be addressed.
    pub const WITH_PODS: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

    /// The workload that a pod belongs to; anything else is itself.
    #[must_use]
    pub fn workload(&self) -> Self {
        match self {
            Self::Pod { kind, name, .. } => Self::Object { kind: Kind::Named(kind.clone()), name: name.clone() },
            other => other.clone(),
        }
    }

    /// `pods/*`: every pod of the release.
    pub fn every_pod() -> Self {
        Self::Object { kind: Kind::PodTemplates, name: Name::All }
    }
}

/// `KIND/NAME.PATH`: a field of an object, as references name it.
pub fn object_field(text: &str) -> Option<(Target, ObjectPath)> {
    let (kind, rest) = text.trim().split_once('/')?;
    let (name, path) = rest.split_once('.')?;
    let target: Target = format!("{kind}/{name}").parse().ok()?;
    let steps = path.split('.').map(|key| PathStep::Key(key.to_owned())).collect();
    matches!(target, Target::Object { name: Name::Is(_), .. }).then_some((target, ObjectPath(steps)))
}

/// Why a string is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing was written.
    #[error(
        "a target is empty; write KIND/NAME, svc/NAME:PORT/path, deploy/NAME:PORT/path, host:PORT/path or ingress/NAME/path"
    )]
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

/// Short names by which targets are shown; other kinds are shown in lower case.
const SHORT_KINDS: [(&str, &str); 13] = [
    ("ConfigMap", "cm"),
    ("DaemonSet", "ds"),
    ("Deployment", "deploy"),
    ("HorizontalPodAutoscaler", "hpa"),
    ("Namespace", "ns"),
    ("NetworkPolicy", "netpol"),
    ("PersistentVolumeClaim", "pvc"),
    ("Pod", "pod"),
    ("PodDisruptionBudget", "pdb"),
    ("Secret", "secret"),
    ("Service", "svc"),
    ("ServiceAccount", "sa"),
    ("StatefulSet", "sts"),
];

impl Kind {
    /// The short name of a kind as targets are shown: `deploy`, `pvc`, and `ingress` for `Ingress`.
    pub fn short(kind: &str) -> String {
        let known = SHORT_KINDS.iter().find(|(full, _)| *full == kind);
        known.map_or_else(|| kind.to_lowercase(), |(_, short)| (*short).to_owned())
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Service { name, port, path } => {
                write!(f, "svc{name}")?;
                if let Some(port) = port {
                    write!(f, ":{port}")?;
                } else if *name == Name::Only && !path.is_empty() {
                    f.write_str("/")?;
                }
                f.write_str(path)
            }
            Self::Host { port, path } => write!(f, "host:{port}{path}"),
            Self::Ingress { name, path } => write!(f, "ingress{name}{path}"),
            Self::Pod { kind, name, port, path } => write!(f, "{}{name}:{port}{path}", Kind::short(kind)),
            Self::Object { kind, name } => write!(f, "{kind}{name}"),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(kind) => f.write_str(&Self::short(kind)),
            Self::PodTemplates => f.write_str("pods"),
            Self::Any => f.write_str("*"),
        }
    }
}

/// With the slash before it: a name left out shows nothing.
impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Is(name) => write!(f, "/{name}"),
            Self::Only => Ok(()),
            Self::All => f.write_str("/*"),
        }
    }
}

impl std::fmt::Display for PortRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}
