//! The checks: what a clause can promise. A new check is a variant here, a file in `load/checks/` that parses it and a
//! file in `judge/checks/` that judges it.

use super::{Expectation, Kind, MetricsCheck, ObjectPath, PostgresCheck, Saved, Target, Tls, WsCheck};
use indexmap::IndexMap;
use seatrial_observation::Seed;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One promise. The first three are judged on the files, the rest on a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Check {
    /// Fields of rendered objects.
    Rendered(ObjectExpectations),
    /// Exact counts of rendered objects: kind → count; kinds that are not listed must not be there.
    Objects(IndexMap<String, u64>),
    /// Values that the chart's schema must refuse.
    Refuses(Vec<Refusal>),
    /// These environments render the same objects with the same fields.
    Same(Vec<String>),
    /// A session of HTTP exchanges; one entry for the short form.
    Http(HttpCheck),
    /// A talk over a WebSocket.
    Ws(Box<WsCheck>),
    /// A TCP connect.
    Tcp(TcpCheck),
    /// A Service resolves by its three names and the address answers.
    Dns(Vec<Target>),
    /// A query of a PostgreSQL server.
    Postgres(Box<PostgresCheck>),
    /// An OCI registry keeps its protocol.
    Registry(RegistryCheck),
    /// Everything of the release, or one object, is ready.
    Ready(ReadyOf),
    /// Fields of objects in the cluster.
    Object(ObjectExpectations),
    /// Metrics in the text format of Prometheus.
    Metrics(MetricsCheck),
    /// What a service account may do, and what it may not.
    Rbac(RbacCheck),
    /// Restart counts of a workload's containers: target → expectation.
    Restarts(Vec<(Target, Expectation)>),
    /// What logs contain, never contain, or look like.
    Logs(LogsCheck),
    /// Memory and CPU in use.
    Usage(UsageCheck),
    /// A Job ends as promised.
    Job(JobCheck),
    /// The chart's own tests pass.
    HelmTest(HelmTestCheck),
    /// Exactly these objects are left after an uninstall.
    Leaves(Vec<Target>),
    /// A command's exit code.
    Run(RunCheck),
    /// Another clause holds.
    Holds(String),
}

impl Check {
    /// Whether it is judged on the files, without any cluster.
    pub fn is_of_files(&self) -> bool {
        match self {
            Self::Rendered(_) | Self::Objects(_) | Self::Same(_) => true,
            Self::Refuses(refusals) => refusals.iter().all(|one| matches!(one.what, Refused::Values(_))),
            _ => false,
        }
    }
}

/// Target → what is expected of each object it names: path → expectation.
///
/// `Expectation::Absent` alone (`cm/registry-config: absent`) is kept with the empty path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ObjectExpectations(pub Vec<(Target, Vec<(ObjectPath, Expectation)>)>);

/// What must be refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// What it is.
    pub what: Refused,
    /// What the refusal must say.
    pub saying: Option<String>,
}

/// What must be refused, and by whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Refused {
    /// Values, by Helm: in its own `--set` syntax → typed value.
    Values(IndexMap<String, Value>),
    /// Each object of these files of the chart, by the API server: schema, policies, webhooks.
    Objects(Vec<String>),
}

/// A session of HTTP exchanges: cookies kept, values saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpCheck(pub Vec<HttpStep>);

/// One HTTP exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpStep {
    /// `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Where.
    pub to: Target,
    /// `http` or `https`, where the address does not say it.
    pub scheme: Option<String>,
    /// The Host that is asked for; over TLS also its SNI, where `tls` names no other.
    pub host: Option<String>,
    /// What is promised about TLS; with it the connection is encrypted.
    pub tls: Option<Tls>,
    /// Request headers.
    pub headers: IndexMap<String, String>,
    /// Request body; `json:` is already serialised and has its content type among the headers.
    pub body: Option<String>,
    /// The status; 2xx where nothing is written. `4xx` is kept as the regex `^4..$`.
    pub status: Option<Expectation>,
    /// Response headers, names in lower case → expectation.
    pub header: IndexMap<String, Expectation>,
    /// The body as text.
    pub text: Option<Expectation>,
    /// The body as JSON: path → expectation.
    pub json: Vec<(ObjectPath, Expectation)>,
    /// The connection is expected to fail (`expect: denied`, `expect: refused`).
    pub failure: Option<String>,
    /// What later steps of the session may name: `$(saved.NAME)`.
    pub save: IndexMap<String, Saved>,
    /// It is asked again until it is as promised, for so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<std::time::Duration>,
}

/// What a service account may do, and what it may not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RbacCheck {
    /// The account.
    pub of: Target,
    /// What it may do.
    pub can: Vec<Access>,
    /// What it may not.
    pub cannot: Vec<Access>,
}

/// One right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// `get`, `create` …
    pub verb: String,
    /// The resource in the plural; `deployments.apps` where the group matters.
    pub resource: String,
    /// `status`, `scale` …
    pub subresource: Option<String>,
    /// Where; the release's own namespace where none is written, `*` in all.
    pub namespace: Option<String>,
}

impl std::fmt::Display for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if let Some(sub) = &self.subresource {
            write!(f, "/{sub}")?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in {namespace}"),
            None => Ok(()),
        }
    }
}

/// A TCP connect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TcpCheck {
    /// Where.
    pub to: Target,
    /// The connection is expected to fail.
    pub failure: Option<String>,
}

/// A talk with a registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryCheck {
    /// Where.
    pub at: Target,
    /// What to do.
    pub talk: RegistryTalk,
}

/// What to do with a registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RegistryTalk {
    /// `/v2/`, push, pull, identical bytes, wrong digest refused.
    RoundTrip,
    /// Pull what an earlier push remembered under this name.
    Pull {
        /// The name.
        name: String,
        /// The seed, filled in when it is known.
        seed: Option<Seed>,
    },
}

/// Whose readiness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReadyOf {
    /// Every workload of the release, and its PVCs.
    Release,
    /// These objects.
    Targets(Vec<Target>),
}

/// What logs must and must not say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogsCheck {
    /// Whose logs; `None` is `all`.
    pub of: Option<Target>,
    /// Some line must match each of these.
    pub contain: Vec<Expectation>,
    /// No line may match any of these.
    pub never: Vec<Expectation>,
    /// No value of a Secret of the namespace may occur (`never: secrets`).
    pub never_secrets: bool,
    /// Each line is a JSON object (`format: json`) with these fields.
    pub json_fields: Option<Vec<String>>,
}

/// Memory and CPU in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageCheck {
    /// Of what.
    pub of: UsageOf,
    /// The promise about the working set.
    #[serde(default)]
    pub memory: Option<Expectation>,
    /// The promise about CPU, in cores.
    #[serde(default)]
    pub cpu: Option<Expectation>,
}

/// How a Job is to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobCheck {
    /// A Job of the release, a hook too; or a CronJob, of which a Job is made.
    pub of: Target,
    /// The exit code: 0 is a Job that completes, any other one that fails with it.
    pub exit: i64,
}

impl JobCheck {
    /// Whether a Job is made for it.
    pub fn is_made(&self) -> bool {
        matches!(&self.of, Target::Object { kind: Kind::Named(kind), .. } if kind == "CronJob")
    }
}

/// Which tests of the chart are run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelmTestCheck {
    /// Their names; all of them where none is written.
    pub names: Vec<String>,
}

/// Whose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UsageOf {
    /// All pods of the release's namespace, less our own.
    Namespace,
    /// The node container.
    Node,
    /// The containers of a workload, each by itself.
    Workload(Target),
}

/// A command of the contract's author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunCheck {
    /// Program and arguments, run in the chart's folder; in a pod where there is an image, whose own they may be.
    pub command: Vec<String>,
    /// The image that it is in.
    #[serde(default)]
    pub image: Option<String>,
    /// The report that it writes: in the chart's folder, or in the pod.
    #[serde(default)]
    pub junit: Option<String>,
    /// Programs that must be on PATH, else the clause is skipped at listing.
    pub requires: Vec<String>,
}

impl RunCheck {
    /// The address in a word that is `$(host:PORT)`: the run writes the host and port there that reach it.
    pub fn address(word: &str) -> Option<Target> {
        let inner = word.strip_prefix("$(")?.strip_suffix(')')?;
        inner.parse().ok().filter(|target| matches!(target, Target::Host { .. }))
    }

    /// The command as a person would type it.
    pub fn words(&self) -> String {
        let command = self.command.join(" ");
        match &self.image {
            Some(image) if command.is_empty() => image.clone(),
            Some(image) => format!("{command} (in {image})"),
            None => command,
        }
    }

    /// All addresses that the command is given.
    pub fn addresses(&self) -> Vec<Target> {
        self.command.iter().filter_map(|word| Self::address(word)).collect()
    }
}
