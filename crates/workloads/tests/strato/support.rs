//! What the tests share: control planes, agents, peers that are spoken by hand, and stand-ins for what a control plane
//! depends on.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use workloads::strato_agent::{self, Agent};
use workloads::strato_control_plane::{self, ControlPlane, Limits};
use workloads::{ConfigError, Variables};

/// How long anything may take that is not about time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Looks until it is so.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, &mut look).await
}

/// The same within another time.
pub(crate) async fn until_within<T>(within: Duration, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        loop {
            ticks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    tokio::time::timeout(within, looking).await.unwrap_or_else(|_| panic!("not within {within:?}: {what}"))
}

/// Lets time pass.
pub(crate) async fn pass(time: Duration) {
    tokio::time::timeout(time, std::future::pending::<()>()).await.expect_err("time passes");
}

pub(crate) async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("bind")
}

/// A port that nobody listens on.
pub(crate) async fn free_port() -> u16 {
    listen().await.local_addr().expect("an address").port()
}

pub(crate) async fn call(method: &str, url: &str, user: Option<&str>, body: &str) -> (u16, Value) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let mut request = axum::http::Request::builder().method(method).uri(url);
    if let Some(user) = user {
        request = request.header("x-user", user);
    }
    let request = request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request");
    let answer = client.request(request).await.expect("an answer");
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    let text = String::from_utf8_lossy(&body).into_owned();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A control plane in this process.
pub(crate) struct Plane {
    pub(crate) address: String,
    pub(crate) control: Arc<ControlPlane>,
    serving: JoinHandle<()>,
}

/// The limits of most tests: as those of the program, only shorter.
pub(crate) fn brisk() -> Limits {
    Limits { silence: Duration::from_millis(1500), drop_after: Duration::from_millis(400), ..Limits::default() }
}

impl Plane {
    /// One without dependencies.
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Self {
        Self::start_on(listen().await, variables, brisk())
    }

    pub(crate) fn start_on(listener: TcpListener, variables: &[(&str, &str)], limits: Limits) -> Self {
        let nobody = [("DATABASE_URL", "postgres://strato@127.0.0.1:1/strato"), ("PERMIFY_URL", "http://127.0.0.1:1")];
        let variables = [variables, &nobody].concat();
        let config = strato_control_plane::Config::of(&Variables::of(&variables)).expect("a config");
        let address = listener.local_addr().expect("an address").to_string();
        let plane = ControlPlane::start(strato_control_plane::Config { limits, ..config });
        let app = plane.router();
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.expect("serving") });
        Self { address, control: plane, serving }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.call("GET", path, None, "").await.1
    }

    pub(crate) async fn call(&self, method: &str, path: &str, user: Option<&str>, body: &str) -> (u16, Value) {
        call(method, &format!("http://{}{path}", self.address), user, body).await
    }

    /// What it says of its only agent.
    pub(crate) async fn only_agent(&self) -> Option<Value> {
        let agents = self.get("/api/agents").await;
        let agents = agents.as_array().expect("a list");
        assert!(agents.len() < 2, "{agents:?}");
        agents.first().cloned()
    }

    /// The only agent, as soon as this holds of it.
    pub(crate) async fn until_agent(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        until(what, async || self.only_agent().await.filter(|agent| is_so(agent))).await
    }

    pub(crate) async fn dial(&self) -> Peer {
        Peer::dial(&self.address).await
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/agent/ws", self.address)
    }

    /// Stops as at SIGTERM, and listens no more.
    pub(crate) async fn stop(self) {
        self.control.stop().await;
        self.serving.abort();
    }
}

/// An agent's end of a connection, spoken by hand.
pub(crate) struct Peer(pub(crate) WebSocketStream<TcpStream>);

impl Peer {
    pub(crate) async fn dial(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        Self(client_async(format!("ws://{address}/agent/ws"), stream).await.expect("an upgrade").0)
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("it is sent");
    }

    /// Says this, and reads the answer.
    pub(crate) async fn ask(&mut self, frame: &Value) -> Value {
        self.say(&frame.to_string()).await;
        self.hear().await
    }

    pub(crate) async fn register(&mut self, id: &str, heartbeat_seconds: u32) -> Value {
        let frame =
            json!({ "type": "register", "requestId": "r1", "agentId": id, "heartbeatSeconds": heartbeat_seconds });
        self.ask(&frame).await
    }

    /// The next frame.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            match self.next().await {
                Some(Message::Text(text)) => return serde_json::from_str(&text).expect("JSON"),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("no frame: {other:?}"),
            }
        }
    }

    /// How the other side closes: the code, or none where it just drops the connection.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            match self.next().await {
                Some(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                None => return None,
                Some(_) => {}
            }
        }
    }

    async fn next(&mut self) -> Option<Message> {
        let came = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("something in time");
        came.and_then(Result::ok)
    }
}

/// An agent in this process, and where it tells how it is.
pub(crate) struct Dialler {
    pub(crate) agent: Agent,
    base: String,
}

impl Dialler {
    pub(crate) async fn start(url: &str, variables: &[(&str, &str)], limits: strato_agent::Limits) -> Self {
        let fixed = [("CONTROL_PLANE_URL", url), ("AGENT_ID", "a1"), ("HEARTBEAT_SECONDS", "1")];
        let variables = [variables, &fixed].concat();
        let config: Result<_, ConfigError> = strato_agent::Config::of(&Variables::of(&variables));
        let config = strato_agent::Config { limits, ..config.expect("a config") };
        let agent = Agent::start(config).expect("an agent");
        let (listener, app) = (listen().await, agent.router());
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { agent, base }
    }

    pub(crate) async fn status(&self) -> Value {
        call("GET", &format!("{}/status", self.base), None, "").await.1
    }

    pub(crate) async fn ready(&self) -> u16 {
        call("GET", &format!("{}/health/ready", self.base), None, "").await.0
    }

    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        until(what, async || Some(self.status().await).filter(|status| is_so(status))).await
    }
}

/// A Permify that knows what it was told, until it forgets.
#[derive(Clone, Default)]
pub(crate) struct FakePermify(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    schemas: Vec<String>,
    written: usize,
    owners: HashSet<String>,
}

impl FakePermify {
    pub(crate) fn serve(&self, listener: TcpListener) -> JoinHandle<()> {
        let app = Router::new()
            .route("/healthz", get(async || Json(json!({ "status": "SERVING" }))))
            .route("/v1/tenants/t1/schemas/{what}", post(write_schema))
            .route("/v1/tenants/t1/permissions/{what}", post(check))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.expect("serving") })
    }

    /// Writes the relation.
    pub(crate) fn grant(&self, entity: &str, user: &str) {
        self.known().owners.insert(format!("{entity}#{user}"));
    }

    /// As after a restart with nothing on disk.
    pub(crate) fn forget(&self) {
        self.known().schemas.clear();
    }

    pub(crate) fn schemas(&self) -> usize {
        self.known().written
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().expect("nobody panicked")
    }
}

async fn write_schema(State(permify): State<FakePermify>, Path(what): Path<String>, body: Bytes) -> Json<Value> {
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert!(what == "write" && body["schema"].as_str().is_some_and(|schema| schema.contains("entity vm")), "{body}");
    let mut known = permify.known();
    known.written += 1;
    let version = format!("v{}", known.written);
    known.schemas.push(version.clone());
    Json(json!({ "schema_version": version }))
}

async fn check(State(permify): State<FakePermify>, body: Bytes) -> (StatusCode, Json<Value>) {
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    let known = permify.known();
    if !known.schemas.iter().any(|version| body["metadata"]["schema_version"] == version.as_str()) {
        let error = json!({ "code": 5, "message": "ERROR_CODE_SCHEMA_NOT_FOUND" });
        return (StatusCode::NOT_FOUND, Json(error));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entity = format!("{}:{}", text(&body["entity"]["type"]), text(&body["entity"]["id"]));
    let is_owner = known.owners.contains(&format!("{entity}#{}", text(&body["subject"]["id"])));
    let can = if is_owner { "CHECK_RESULT_ALLOWED" } else { "CHECK_RESULT_DENIED" };
    (StatusCode::OK, Json(json!({ "can": can })))
}

/// A PostgreSQL that answers whatever simple query it is asked with nothing.
pub(crate) async fn fake_postgres(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move { answer_queries(&mut stream).await });
    }
}

async fn answer_queries(stream: &mut TcpStream) -> Option<()> {
    const READY: [u8; 6] = [b'Z', 0, 0, 0, 5, b'I'];
    let length = stream.read_u32().await.ok()? as usize;
    stream.read_exact(&mut vec![0; length - 4]).await.ok()?;
    stream.write_all(&[&[b'R', 0, 0, 0, 8, 0, 0, 0, 0], &READY[..]].concat()).await.ok()?;
    loop {
        let _kind = stream.read_u8().await.ok()?;
        let length = stream.read_u32().await.ok()? as usize;
        stream.read_exact(&mut vec![0; length - 4]).await.ok()?;
        stream.write_all(&[&[b'C', 0, 0, 0, 13][..], b"SELECT 0\0", &READY].concat()).await.ok()?;
    }
}
