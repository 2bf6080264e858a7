//! What a probe is asked ([`ProbeSpec`]) and what it answers ([`ProbeOutcome`]). The same JSON travels to the
//! prober inside the cluster and stays in the process when the vantage is the host.

use crate::{Certificate, PostgresAnswer, PostgresSpec, WsSpec, WsState, WsTalk};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// One probe, with everything resolved: addresses, ports and bodies, no references.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "probe", rename_all = "camelCase")]
pub enum ProbeSpec {
    /// One HTTP exchange.
    Http(HttpSpec),
    /// One TCP connect.
    Tcp(TcpSpec),
    /// Resolve names, and connect to what they resolve to.
    Dns(DnsSpec),
    /// Speak the OCI distribution protocol to a registry.
    Registry(RegistrySpec),
    /// Ask again and again until the first 200.
    FirstAnswer(FirstAnswerSpec),
    /// One act of a talk over a WebSocket.
    Ws(WsSpec),
    /// One query of a PostgreSQL server.
    Postgres(PostgresSpec),
}

/// Who is to answer, for the moment of its first 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstAnswerSpec {
    /// The whole URL, asked with GET.
    pub url: String,
    /// The pause between two requests, in milliseconds.
    pub every_ms: u64,
}

/// One HTTP request. Redirects are never followed: what the first answer says is the observation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpSpec {
    /// `GET`, `POST` …
    pub method: String,
    /// The whole URL, `http://name:port/path`.
    pub url: String,
    /// Request headers, in order.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// Request body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Which way it goes there.
    #[serde(default)]
    pub way: Way,
}

impl HttpSpec {
    /// A plain GET.
    pub fn get(url: impl Into<String>) -> Self {
        let (method, url) = ("GET".to_owned(), url.into());
        Self { method, url, headers: IndexMap::new(), body: None, way: Way::default() }
    }
}

/// Which way a connection goes, where the URL alone does not say: the URL's host is then no more than the name that is
/// asked for (Host and SNI).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Way {
    /// `host:port` that is dialled in the place of the URL's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dial: Option<String>,
    /// Certificates (PEM) of whom TLS trusts; without any the certificate is taken as it is, and only reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<String>,
}

/// One TCP connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TcpSpec {
    /// Name or address.
    pub host: String,
    /// Port number.
    pub port: u16,
}

/// Names to resolve with the resolver of where the probe runs (its search list applies).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DnsSpec {
    /// The names, for a Service its three forms.
    pub names: Vec<String>,
    /// A TCP port that each resolved address must accept; `None` asks for the address only.
    pub port: Option<u16>,
}

/// A talk with an OCI registry (OCI distribution spec 1.1, plain HTTP).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrySpec {
    /// `http://host:port`, without a trailing slash.
    pub base: String,
    /// What to do there.
    pub action: RegistryAction,
}

/// What a registry probe does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RegistryAction {
    /// `/v2/`, push of a random blob and manifest, pull with identical bytes, a wrong digest refused.
    RoundTrip,
    /// Push a random blob and a manifest; the answer carries the [`Seed`].
    Push,
    /// Pull what a push left, and compare byte for byte.
    Pull(Seed),
}

/// What a push left behind in a registry, enough to find it again and to compare it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seed {
    /// Repository name.
    pub repository: String,
    /// Digest of the blob, `sha256:…`.
    pub blob: String,
    /// Size of the blob in bytes.
    pub blob_size: u64,
    /// Digest of the manifest, `sha256:…`; it names the bytes, so a pull compares with it.
    pub manifest: String,
}

/// What came of a probe: an answer, or a failure that is itself an observation (`refused` may be promised).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeOutcome {
    /// Milliseconds from just before the request to the last byte.
    pub took_ms: f64,
    /// The answer or the failure.
    pub result: Result<ProbeAnswer, ProbeFailure>,
}

/// A probe's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "camelCase")]
pub enum ProbeAnswer {
    /// An HTTP response.
    Http(HttpAnswer),
    /// The connect succeeded; the peer's `address:port`.
    Tcp {
        /// The address that accepted.
        peer: String,
    },
    /// What each name resolved to.
    Dns {
        /// One entry a name, in the order asked.
        names: Vec<DnsAnswer>,
    },
    /// What the registry did at each step.
    Registry(RegistryAnswer),
    /// When the first 200 came.
    FirstAnswer(FirstAnswer),
    /// A WebSocket after one act.
    Ws(WsState),
    /// A whole talk over a WebSocket.
    WsTalk(WsTalk),
    /// What a PostgreSQL server answered.
    Postgres(PostgresAnswer),
}

/// When the first 200 came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstAnswer {
    /// The end of the answer by the wall clock, in nanoseconds since 1970.
    pub at_ns: u64,
    /// Requests before it that had another answer, or none.
    pub refused: u64,
}

/// An HTTP response, its body bounded to 1 MiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpAnswer {
    /// Status code.
    pub status: u16,
    /// Response headers, names in lower case; repeated ones joined by `, `.
    pub headers: IndexMap<String, String>,
    /// The body as text (lossy).
    pub body: String,
    /// Whether the body was longer than the bound.
    #[serde(default)]
    pub is_truncated: bool,
    /// The certificate, where TLS was spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
}

/// What one name resolved to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DnsAnswer {
    /// The name as asked.
    pub name: String,
    /// Its addresses, or why there are none.
    pub addresses: Result<Vec<String>, String>,
    /// The outcome of connecting to each address, where a port was asked for: `None` is success.
    #[serde(default)]
    pub connected: IndexMap<String, Option<String>>,
}

/// What a registry did, step by step; the first step that did not hold ends the talk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryAnswer {
    /// The steps taken, in order.
    pub steps: Vec<RegistryStep>,
    /// What a completed push left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
}

/// One step of the talk with a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryStep {
    /// What was tried: `base`, `upload blob`, `head blob`, `put manifest`, `pull blob`, `pull manifest`,
    /// `wrong digest`. A name comes back where it takes several requests; each has a step.
    pub name: String,
    /// The request line, for the reader.
    pub request: String,
    /// The status that came back.
    pub status: u16,
    /// `None` where the step held, else what was wrong (`bytes differ`, `expected 201`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Why a probe has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeFailure {
    /// The class of failure.
    pub kind: FailureKind,
    /// The error's own words.
    pub message: String,
}

/// The classes of failure of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FailureKind {
    /// The peer's port is closed.
    Refused,
    /// No answer within the probe's time-out.
    TimedOut,
    /// The name does not resolve.
    Name,
    /// No route, or the network said unreachable.
    Unreachable,
    /// The peer closed or reset the connection in mid-talk.
    Reset,
    /// The peer spoke, but not the protocol.
    Protocol,
}
