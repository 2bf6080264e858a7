//! The binary `pallet-agent` as a container runs it: what it answers, what it logs, and that one SIGTERM ends it well.

use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};

const PATIENCE: Duration = Duration::from_secs(10);

struct Agent {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    base: String,
}

#[expect(clippy::disallowed_methods, reason = "this crate depends on nothing of ours, the spawner included")]
fn start(variables: &[(&str, &str)]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pallet-agent"));
    let command = command.env_clear().envs(variables.iter().copied()).stdout(Stdio::piped()).kill_on_drop(true);
    command.spawn().expect("the agent starts")
}

fn lines_of(child: &mut Child) -> Lines<BufReader<ChildStdout>> {
    BufReader::new(child.stdout.take().expect("its output")).lines()
}

impl Agent {
    async fn start(registry: &str) -> Self {
        Self::start_with(registry, &[]).await
    }

    async fn start_with(registry: &str, more: &[(&str, &str)]) -> Self {
        let port = free_port().await;
        let variables = [("AGENT_ROLE", "plan"), ("AGENT_PORT", &port), ("REGISTRY_URL", registry)];
        let mut child = start(&[&variables, more].concat());
        let lines = lines_of(&mut child);
        let mut agent = Self { child, lines, base: format!("http://127.0.0.1:{port}") };
        assert_eq!(agent.event().await["event"], "starting");
        assert_eq!(agent.event().await["event"], "listening");
        agent
    }

    /// The next line of its log.
    async fn event(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("a line in time");
        serde_json::from_str(&line.expect("a line").expect("its output goes on")).expect("JSON")
    }

    async fn get(&self, path: &str) -> Value {
        self.call("GET", path, "").await.1
    }

    async fn call(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let request = axum::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request");
        let answer = client.request(request).await.expect("an answer");
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn end(mut self) {
        let pid = i32::try_from(self.child.id().expect("it runs")).expect("a pid");
        kill(Pid::from_raw(pid), Signal::SIGTERM).expect("the signal is sent");
        let mut last = self.event().await;
        while last["event"] != "stopping" {
            last = self.event().await;
        }
        assert_eq!(last["signal"], "SIGTERM");
        let stopped = self.event().await;
        assert_eq!((&stopped["event"], &stopped["isFinished"]), (&json!("stopped"), &json!(true)), "{stopped}");
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").expect("its status");
        assert_eq!(ended.code(), Some(0));
    }
}

async fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    listener.local_addr().expect("address").port().to_string()
}

/// A registry that says no more than that it is one.
async fn registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let base = format!("http://{}", listener.local_addr().expect("address"));
    let app = Router::new().route("/v2/", get(async || "{}"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

#[tokio::test]
async fn an_agent_answers_and_ends_at_sigterm() {
    let registry = registry().await;
    let mut agent = Agent::start(&registry).await;
    let reached = agent.event().await;
    assert_eq!((&reached["event"], &reached["status"]), (&json!("registry-reached"), &json!(200)), "{reached}");

    let health = agent.get("/health").await;
    assert_eq!((&health["status"], &health["registry"]["isReachable"]), (&json!("healthy"), &json!(true)), "{health}");
    let card = agent.get("/agent-card").await;
    assert_eq!((&card["name"], &card["capabilities"]["streaming"]), (&json!("pallet-plan"), &json!(false)), "{card}");

    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "plan", "params": { "artifact": "x:1" } }).to_string();
    let (status, answer) = agent.call("POST", "/execute", &call).await;
    assert_eq!((status, &answer["result"]["status"]), (200, &json!("completed")), "{answer}");
    let (status, answer) = agent.call("POST", "/execute", "{").await;
    assert_eq!((status, &answer["error"]["code"]), (200, &json!(-32700)), "{answer}");
    let (status, _) = agent.call("POST", "/execute", r#"{"jsonrpc":"2.0","method":"registry.status"}"#).await;
    assert_eq!(status, 204, "a notification has no answer");
    assert_eq!(agent.call("GET", "/execute", "").await.0, 405);
    agent.end().await;
}

#[tokio::test]
async fn an_agent_without_a_registry_lives_and_says_so() {
    let nobody = format!("http://127.0.0.1:{}", free_port().await);
    let agent = Agent::start(&nobody).await;
    let health = agent.get("/health").await;
    assert_eq!(health["status"], "degraded", "{health}");
    let reason = health["reason"].as_str().expect("a reason");
    assert!(reason.contains("the registry does not answer") && reason.contains("refused"), "{reason}");
    agent.end().await;
}

#[tokio::test]
async fn a_registry_that_accepts_and_is_silent_does_not_hold_the_agent() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let base = format!("http://{}", silent.local_addr().expect("address"));
    let agent = Agent::start(&base).await;
    let health = tokio::time::timeout(Duration::from_secs(1), agent.get("/health")).await.expect("within a second");
    assert_eq!(health["registry"]["reason"], "no answer within 700 ms", "{health}");
    agent.end().await;
}

#[tokio::test]
async fn an_environment_that_makes_no_sense_ends_it() {
    let mut child = start(&[("AGENT_ROLE", "cook")]);
    let line = lines_of(&mut child).next_line().await.expect("a line").expect("a line");
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(line["reason"], "AGENT_ROLE is `cook`; it must be plan, build or test");
    assert_eq!(child.wait().await.expect("its status").code(), Some(1));
}

/// Which of 40 requests, one after the other, took longer than half a stall.
async fn slow_ones(agent: &Agent) -> Vec<usize> {
    let mut slow = Vec::new();
    for i in 1..=40 {
        let began = Instant::now();
        agent.get("/agent-card").await;
        if began.elapsed() > Duration::from_millis(100) {
            slow.push(i);
        }
    }
    slow
}

#[tokio::test]
async fn every_twentieth_request_stalls_where_that_is_asked_for() {
    let registry = registry().await;
    let sound = Agent::start(&registry).await;
    assert!(slow_ones(&sound).await.len() < 2, "a sound agent stalls");
    let stalling = Agent::start_with(&registry, &[("AGENT_FAULT", "stall")]).await;
    let slow = slow_ones(&stalling).await;
    assert!(slow.contains(&20) && slow.contains(&40), "{slow:?}");
}

/// CPU time of a process, in hundredths of a second.
fn cpu(agent: &Agent) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", agent.child.id().expect("it runs"))).expect("its stat");
    stat.split_whitespace().skip(13).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

#[tokio::test]
async fn all_cpus_are_burnt_where_that_is_asked_for() {
    let registry = registry().await;
    let (sound, burning) =
        (Agent::start(&registry).await, Agent::start_with(&registry, &[("AGENT_FAULT", "burn")]).await);
    for agent in [&sound, &burning, &burning, &burning, &burning, &burning] {
        agent.get("/agent-card").await;
    }
    tokio::time::timeout(Duration::from_secs(2), std::future::pending::<()>()).await.expect_err("two seconds");
    let (sound, burnt) = (cpu(&sound), cpu(&burning));
    assert!(sound < 20 && burnt > 50, "{sound} and {burnt} hundredths of a second of CPU time in two seconds");
}
