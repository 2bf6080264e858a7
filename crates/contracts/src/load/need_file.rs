//! Needs as they are written: a name, and one kind of thing.

use super::one_or_many::OneOrMany;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// One thing that the chart expects to find; exactly one kind.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NeedFile {
    /// The environments it is made in; all of them where none is written.
    #[serde(rename = "in")]
    #[expect(dead_code, reason = "read with the raw need; here for the schema")]
    in_: Option<OneOrMany<String>>,
    /// A Secret of this name: key → text.
    #[schemars(extend("minProperties" = 1))]
    pub(super) secret: Option<IndexMap<String, String>>,
    /// A `ConfigMap` of this name: key → text.
    #[schemars(extend("minProperties" = 1))]
    pub(super) configmap: Option<IndexMap<String, String>>,
    /// Another namespace of this name, with labels.
    pub(super) namespace: Option<NamespaceFile>,
    /// A Secret of this name with a certificate (tls.crt, tls.key) and its authority (ca.crt).
    pub(super) certificate: Option<CertificateFile>,
    /// Files with CRDs, relative to the chart.
    pub(super) crds: Option<OneOrMany<String>>,
    /// Another chart in the same namespace: its folder relative to the chart, or oci://….
    pub(super) chart: Option<String>,
    /// The version of that chart.
    pub(super) version: Option<String>,
    /// Values files of that chart, relative to this one.
    pub(super) values: Option<Vec<String>>,
    /// Single values of that chart, in Helm's own --set syntax.
    pub(super) set: Option<IndexMap<String, Value>>,
    /// An external database server, with a role that may not create anything: a Service and a Secret (url, host, port,
    /// user, password, database, ca.crt) of this name lead there.
    pub(super) postgres: Option<PostgresFile>,
    /// Any program in a container beside the cluster: a Service of this name leads there.
    pub(super) container: Option<ContainerFile>,
    /// A part of the cluster: metrics-server, ingress, gateway.
    pub(super) addon: Option<String>,
}

/// Labels of a namespace.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NamespaceFile {
    /// Its labels.
    #[serde(default)]
    pub(super) labels: IndexMap<String, String>,
}

/// A certificate.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CertificateFile {
    /// The names that it is for.
    #[schemars(length(min = 1))]
    pub(super) names: Vec<String>,
}

/// A database server.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PostgresFile {
    /// Its major version.
    #[schemars(range(min = 13))]
    pub(super) version: u64,
    /// Whether it speaks TLS, and refuses whoever does not.
    #[serde(default)]
    pub(super) tls: bool,
    /// SQL files, relative to the chart, that make what is in the database.
    pub(super) schema: Option<OneOrMany<String>>,
}

/// A container.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContainerFile {
    /// Its image.
    pub(super) image: String,
    /// Where it listens (TCP).
    #[schemars(range(min = 1))]
    pub(super) port: u16,
    /// Its variables.
    #[serde(default)]
    pub(super) env: IndexMap<String, String>,
    /// What follows the image's entrypoint.
    #[serde(default)]
    pub(super) args: Vec<String>,
}
