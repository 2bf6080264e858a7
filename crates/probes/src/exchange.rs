//! One HTTP exchange: its own connection, no redirect, no proxy, a bounded body.

use crate::certificate;
use crate::failure;
use crate::names;
use crate::probe::Deadline;
use crate::tls;
use crate::way;
use indexmap::IndexMap;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};
use seatrial_observation::{Certificate, Connections, ProbeFailure, Way};
use std::net::SocketAddr;
use std::sync::LazyLock;
use tokio::time::timeout_at;

/// What to send.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Vec<u8>>,
    /// The most bytes of the answer's body to read.
    pub(crate) limit: usize,
    /// Whether its connection may be one that was used before, and used again.
    pub(crate) connections: Connections,
    /// Which way it goes there, where the URL alone does not say.
    pub(crate) way: Way,
}

impl Request {
    /// A request as somebody wrote it; what is no method, URL or header is said so.
    pub(crate) fn parse(method: &str, url: &str, limit: usize) -> Result<Self, ProbeFailure> {
        let not_a = |what, error: String| failure::protocol(format!("not {what}: {error}"));
        let url: Url = url.parse().map_err(|error| not_a("a URL", format!("{url}: {error}")))?;
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| not_a("a method", method.to_owned()))?;
        Ok(Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            limit,
            connections: Connections::New,
            way: Way::default(),
        })
    }

    /// The same with one more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Result<Self, ProbeFailure> {
        let not_a_header = || failure::protocol(format!("not a header: {name}: {value}"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| not_a_header())?;
        let value = HeaderValue::from_str(value).map_err(|_| not_a_header())?;
        self.headers.append(name, value);
        Ok(self)
    }

    /// The same over other connections.
    pub(crate) fn over(mut self, connections: Connections) -> Self {
        self.connections = connections;
        self
    }

    /// The same by another way.
    pub(crate) fn by(mut self, way: &Way) -> Self {
        self.way = way.clone();
        self
    }

    /// The same with a body.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// `GET http://…`, for the reader.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.url)
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in lower case; repeated headers joined by `, `.
    pub(crate) headers: IndexMap<String, String>,
    pub(crate) body: Vec<u8>,
    pub(crate) is_truncated: bool,
    /// The certificate, where TLS was spoken.
    pub(crate) certificate: Option<Certificate>,
}

/// Sends a request and reads the answer to its last byte or its limit.
pub(crate) async fn exchange(request: Request, deadline: Deadline) -> Result<Response, ProbeFailure> {
    timeout_at(deadline.at, send(request)).await.unwrap_or_else(|_| Err(failure::timed_out(deadline)))
}

async fn send(request: Request) -> Result<Response, ProbeFailure> {
    let client = match (request.connections, is_plain(&request)) {
        (Connections::New, true) => CLIENT.clone(),
        (Connections::Kept, true) => KEEPING.clone(),
        (_, false) => on_its_way(&request).await?,
    };
    let client = client.map_err(failure::protocol)?;
    let mut sending = client.request(request.method, request.url).headers(request.headers);
    if let Some(body) = request.body {
        sending = sending.body(body);
    }
    let mut response = sending.send().await.map_err(|error| failure::of_error(&error))?;
    let (status, headers) = (response.status().as_u16(), joined(response.headers()));
    let shown = response.extensions().get::<reqwest::tls::TlsInfo>().and_then(|info| info.peer_certificate());
    let certificate = shown.and_then(certificate::read);
    let (body, is_truncated) = read(&mut response, request.limit).await.map_err(|error| failure::of_error(&error))?;
    Ok(Response { status, headers, body, is_truncated, certificate })
}

fn is_plain(request: &Request) -> bool {
    request.way == Way::default() && request.url.scheme() == "http"
}

/// A client of its own for a request with a way of its own: what it trusts and what it dials are the request's.
async fn on_its_way(request: &Request) -> Result<Result<Client, String>, ProbeFailure> {
    let tls = way::tls(request.way.trust.as_deref()).map_err(failure::protocol)?;
    let mut builder = settings(tls, 0).tls_info(true);
    if let Some(dial) = &request.way.dial {
        let host = request.url.host_str().unwrap_or_default();
        builder = builder.resolve_to_addrs(host, &way::addresses(dial).await?);
    }
    Ok(builder.build().map_err(|error| format!("no HTTP client: {error}")))
}

async fn read(response: &mut reqwest::Response, limit: usize) -> Result<(Vec<u8>, bool), reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = limit - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return Ok((body, true));
        }
    }
    Ok((body, false))
}

fn joined(headers: &HeaderMap) -> IndexMap<String, String> {
    let mut joined: IndexMap<String, String> = IndexMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        joined
            .entry(name.as_str().to_owned())
            .and_modify(|before| {
                before.push_str(", ");
                before.push_str(&value);
            })
            .or_insert_with(|| value.to_string());
    }
    joined
}

/// One client for all exchanges. It keeps no connection (a pool of none), so it holds nothing but settings.
static CLIENT: LazyLock<Result<Client, String>> = LazyLock::new(|| client(0));

/// One that keeps connections, for latencies of clients that do so.
static KEEPING: LazyLock<Result<Client, String>> = LazyLock::new(|| client(usize::MAX));

fn client(kept: usize) -> Result<Client, String> {
    let tls = tls::without_roots().map_err(|error| error.to_string())?;
    settings(tls, kept).build().map_err(|error| format!("no HTTP client: {error}"))
}

fn settings(tls: rustls::ClientConfig, kept: usize) -> reqwest::ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(OwnNames)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .pool_max_idle_per_host(kept)
        .http1_only()
}

/// Our resolver in reqwest's terms.
struct OwnNames;

impl Resolve for OwnNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses = names::resolve(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
