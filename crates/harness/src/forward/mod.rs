//! A forward: a port on 127.0.0.1 that leads to a pod. A forward that listens proves nothing, so one is open only
//! after a round trip of the application. Each connection picks its pod anew (ready ones, none that is being deleted)
//! and dials again where a pod went away, so a forward outlives the pods behind it.

use crate::readiness::{name_of, selects, text};
use crate::release::{ApiError, Objects};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use seatrial_observation::{HttpSpec, Look, ProbeSpec, Reason};
use seatrial_probes::wait::{self, Patience, WaitError};
use serde_json::Value;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How long one connection may look for a pod that takes it.
const DIAL: Duration = Duration::from_secs(5);

/// Why a forward is not open.
#[derive(Debug, Error)]
pub enum ForwardError {
    /// No port on 127.0.0.1.
    #[error("a forward could not listen on 127.0.0.1: {0}")]
    Listen(#[source] std::io::Error),
    /// No round trip came through.
    #[error("the forward to {to} does not answer: {source}")]
    NoRoundTrip {
        /// Where it leads.
        to: String,
        /// What was seen last.
        source: WaitError,
    },
    /// The API server could not be asked for pods.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// Where a forward leads.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The pods' namespace.
    pub namespace: String,
    /// Their label selector, as a workload or `{matchLabels: …}` writes it.
    pub selector: Value,
    /// This pod and no other, ready or not.
    pub pod: Option<String>,
    /// The container's port.
    pub port: u16,
    /// What it is, for messages.
    pub what: String,
}

/// An open forward; it closes with it.
pub struct Forward {
    port: u16,
    last_error: Arc<Mutex<Option<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Forward {
    /// Opens it and waits until a GET of `path` has any answer.
    pub async fn open(objects: &Objects, to: Destination, path: &str, give_up: Duration) -> Result<Self, ForwardError> {
        let what = to.what.clone();
        let forward = Self::listen(objects, to).await?;
        let patience = Patience::backoff(give_up, Duration::from_millis(20), Duration::from_millis(250));
        let round_trip = wait::until(&patience, async || forward.round_trip(path).await);
        round_trip.await.map_err(|source| ForwardError::NoRoundTrip { to: what, source })?;
        Ok(forward)
    }

    /// Opens it without a proof, for what does not speak HTTP.
    pub async fn listen(objects: &Objects, to: Destination) -> Result<Self, ForwardError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(ForwardError::Listen)?;
        let port = listener.local_addr().map_err(ForwardError::Listen)?.port();
        let last_error = Arc::new(Mutex::new(None));
        let task = tokio::spawn(serve(listener, objects.clone(), Arc::new(to), Arc::clone(&last_error)));
        Ok(Self { port, last_error, task })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Why the last connection found no pod, if it did not.
    pub fn last_error(&self) -> Option<String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn round_trip(&self, path: &str) -> Result<Look<()>, ForwardError> {
        let url = format!("{}{path}", self.base());
        let spec = HttpSpec::get(url);
        let outcome = seatrial_probes::probe(&ProbeSpec::Http(spec), DIAL).await;
        Ok(match outcome.result {
            Ok(_) => Look::Ready(()),
            Err(failure) => Look::Pending(Reason::new(self.last_error().unwrap_or(failure.message))),
        })
    }
}

async fn serve(listener: TcpListener, objects: Objects, to: Arc<Destination>, last_error: Arc<Mutex<Option<String>>>) {
    // The connections end with the forward: the set aborts what is left when it is dropped.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let (objects, to, last_error) = (objects.clone(), Arc::clone(&to), Arc::clone(&last_error));
        connections.spawn(async move {
            let error = connect(stream, &objects, &to).await.err();
            *last_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
        });
    }
}

/// One connection: dials until a pod takes it, then copies until one side ends.
async fn connect(mut local: TcpStream, objects: &Objects, to: &Destination) -> Result<(), String> {
    let (mut forwarder, mut remote) = until_dialled(objects, to).await?;
    let refused = forwarder.take_error(to.port);
    let copied = copy_bidirectional(&mut local, &mut remote).await;
    drop(remote);
    let told = match refused {
        Some(refused) => tokio::time::timeout(Duration::from_millis(50), refused).await.ok().flatten(),
        None => None,
    };
    forwarder.abort();
    match (told, copied) {
        (Some(told), _) => Err(told),
        (None, Err(error)) => Err(error.to_string()),
        (None, Ok(_)) => Ok(()),
    }
}

/// Dials until a pod takes it; what stood in the way last is the error.
async fn until_dialled(objects: &Objects, to: &Destination) -> Result<Dialled, String> {
    // Not `wait::until`: its closure borrows, and this runs in a task of its own.
    let started = Instant::now();
    loop {
        let last = match dial(objects, to).await {
            Ok(Look::Ready(dialled)) => return Ok(dialled),
            Ok(Look::Pending(reason) | Look::Doomed(reason)) => reason.to_string(),
            Err(error) => error.to_string(),
        };
        if started.elapsed() >= DIAL {
            return Err(last);
        }
        wait::pause(Duration::from_millis(50)).await;
    }
}

type Dialled = (kube::api::Portforwarder, Box<dyn Stream>);

trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send> Stream for T {}

async fn dial(objects: &Objects, to: &Destination) -> Result<Look<Dialled>, ForwardError> {
    let pods = objects.list("Pod", &to.namespace).await?;
    let picked = match &to.pod {
        Some(name) => pods.iter().map(name_of).find(|one| one == name),
        None => pick(&pods, &to.selector),
    };
    let Some(pod) = picked else {
        return Ok(Look::Pending(Reason::new(format!("no pod of {} is ready", to.what))));
    };
    let api: Api<Pod> = Api::namespaced(objects.client.clone(), &to.namespace);
    let forwarder = api.portforward(pod, &[to.port]).await;
    let mut forwarder = forwarder.map_err(ApiError::doing(format!("port-forward to pod/{pod}")))?;
    Ok(match forwarder.take_stream(to.port) {
        Some(stream) => Look::Ready((forwarder, Box::new(stream))),
        None => Look::Pending(Reason::of(format!("pod/{pod}"), "the forward has no stream")),
    })
}

/// The newest pod that is ready and stays.
fn pick<'a>(pods: &'a [Value], selector: &Value) -> Option<&'a str> {
    let is_ready = |pod: &Value| {
        let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
        conditions.into_iter().flatten().any(|one| text(one, "/type") == "Ready" && text(one, "/status") == "True")
    };
    let fitting = pods
        .iter()
        .filter(|pod| selects(selector, pod) && pod.pointer("/metadata/deletionTimestamp").is_none() && is_ready(pod));
    fitting.max_by_key(|pod| text(pod, "/metadata/creationTimestamp")).map(name_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(name: &str, age: &str, is_ready: bool, is_deleting: bool) -> Value {
        let mut pod = json!({
            "metadata": { "name": name, "labels": { "app": "x" }, "creationTimestamp": age },
            "status": { "conditions": [{ "type": "Ready", "status": if is_ready { "True" } else { "False" } }] },
        });
        if is_deleting {
            pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        }
        pod
    }

    fn check(pods: &[Value], expected: Option<&str>) {
        assert_eq!(pick(pods, &json!({ "matchLabels": { "app": "x" } })), expected);
    }

    #[test]
    fn a_pod_that_is_being_deleted_is_not_picked() {
        check(&[pod("old", "2026-01-01", true, false), pod("new", "2026-01-02", true, false)], Some("new"));
        check(&[pod("old", "2026-01-01", true, false), pod("new", "2026-01-02", true, true)], Some("old"));
        check(&[pod("old", "2026-01-01", false, false), pod("new", "2026-01-02", true, true)], None);
        check(&[], None);
    }
}
