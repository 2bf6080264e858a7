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
    /// An external database server.
    Postgres {
        /// Its major version.
        version: u64,
        /// Whether it speaks TLS.
        tls: bool,
    },
    /// Any program in a container beside the cluster.
    Container {
        /// Its image.
        image: String,
        /// Where it listens.
        port: u16,
        /// Its variables.
        env: IndexMap<String, String>,
    },
    /// A part of the cluster (`metrics-server`).
    Addon(String),
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
            Thing::Postgres { .. } => "postgres",
            Thing::Container { .. } => "container",
            Thing::Addon(_) => "addon",
        };
        format!("{word} {}", self.name)
    }

    /// The object that it makes in the namespace of the release, with its keys, where it makes one.
    pub fn object(&self) -> Option<(&'static str, Vec<&str>)> {
        match &self.thing {
            Thing::Secret(data) => Some(("Secret", data.keys().map(String::as_str).collect())),
            Thing::ConfigMap(data) => Some(("ConfigMap", data.keys().map(String::as_str).collect())),
            Thing::Certificate(_) => Some(("Secret", vec!["tls.crt", "tls.key", "ca.crt"])),
            _ => None,
        }
    }
}
