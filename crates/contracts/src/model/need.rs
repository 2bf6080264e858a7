//! Needs: what a chart expects to find before it is installed.

use crate::diagnostic::Places;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A need as written: its tree may hold references, which differ between environments.
#[derive(Clone, Debug, PartialEq)]
pub struct RawNeed {
    /// The need's tree.
    pub tree: Value,
    /// Line in the contract file, counted from 1.
    pub line: usize,
    /// Line and column of each node of `tree`.
    pub places: Places,
    /// The environments it is made in; all of them where none is written.
    pub environments: Vec<String>,
    /// Which kind of thing it is (`secret`, `postgres` …).
    pub word: String,
    /// What `$(needs.NAME.…)` may name: output → its value, where that is known before anything runs.
    pub outputs: Outputs,
}

/// What a need gives: output → its value, where that is known before anything runs.
pub type Outputs = IndexMap<String, Option<String>>;

/// A need of one environment, its references looked up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Need {
    /// Its name: that of the object, where it is one.
    pub name: String,
    /// What it is.
    pub thing: Thing,
}

/// One kind of thing that a chart may need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Thing {
    /// A Secret of the need's name: key → text.
    Secret(IndexMap<String, String>),
    /// A `ConfigMap` of the need's name: key → text.
    ConfigMap(IndexMap<String, String>),
    /// Another namespace of the need's name, with these labels.
    Namespace(IndexMap<String, String>),
    /// A Secret of the need's name with a certificate for these names, and the authority that signed it.
    Certificate(Vec<String>),
    /// CRDs of these files, relative to the chart.
    Crds(Vec<String>),
    /// Another chart, in the same namespace, as a release of the need's name.
    Chart {
        /// A folder relative to the chart, or `oci://…`.
        chart: String,
        /// Its version.
        version: Option<String>,
        /// Values files relative to the chart.
        values: Vec<String>,
        /// Single values.
        set: IndexMap<String, Value>,
    },
    /// An external database server; a Service and a Secret of the need's name lead there.
    Postgres(Database),
    /// Any program in a container beside the cluster; a Service of the need's name leads there.
    Container(Program),
    /// A part of the cluster (`metrics-server`).
    Addon(String),
}

/// An external PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Database {
    /// Its major version.
    pub version: u64,
    /// Whether it speaks TLS, and nothing else.
    pub tls: bool,
    /// SQL files, relative to the chart, that make what is in the database: the role of the log-in may not.
    pub schema: Vec<String>,
}

impl Database {
    /// Where it listens.
    pub const PORT: u16 = 5432;
    /// The role that charts are given: it reads and writes rows, and creates nothing.
    pub const ROLE: &'static str = "app";
    /// The database that the role is for.
    pub const NAME: &'static str = "app";

    /// The keys of the Secret that leads there.
    pub fn keys(&self) -> Vec<&'static str> {
        let ca = self.tls.then_some("ca.crt");
        ["url", "host", "port", "user", "password", "database"].into_iter().chain(ca).collect()
    }
}

/// A program in a container beside the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Program {
    /// Its image.
    pub image: String,
    /// Where it listens (TCP).
    pub port: u16,
    /// Its variables.
    pub env: IndexMap<String, String>,
    /// What follows the image's entrypoint; empty: the image's own.
    pub args: Vec<String>,
}

impl Need {
    /// Its kind and name, as a plan shows it.
    pub fn title(&self) -> String {
        let word = match &self.thing {
            Thing::Secret(_) => "secret",
            Thing::ConfigMap(_) => "configmap",
            Thing::Namespace(_) => "namespace",
            Thing::Certificate(_) => "certificate",
            Thing::Crds(_) => "crds",
            Thing::Chart { .. } => "chart",
            Thing::Postgres(_) => "postgres",
            Thing::Container(_) => "container",
            Thing::Addon(_) => "addon",
        };
        format!("{word} {}", self.name)
    }

    /// Where it listens, where it is a container beside the cluster.
    pub fn port(&self) -> Option<u16> {
        match &self.thing {
            Thing::Container(program) => Some(program.port),
            Thing::Postgres(_) => Some(Database::PORT),
            _ => None,
        }
    }

    /// The objects that it makes in the namespace of the release, of its own name: kind and keys.
    pub fn objects(&self) -> Vec<(&'static str, Vec<&str>)> {
        match &self.thing {
            Thing::Secret(data) => vec![("Secret", data.keys().map(String::as_str).collect())],
            Thing::ConfigMap(data) => vec![("ConfigMap", data.keys().map(String::as_str).collect())],
            Thing::Certificate(_) => vec![("Secret", vec!["tls.crt", "tls.key", "ca.crt"])],
            Thing::Container(_) => vec![("Service", Vec::new())],
            Thing::Postgres(database) => vec![("Service", Vec::new()), ("Secret", database.keys())],
            _ => Vec::new(),
        }
    }
}
