//! The two binaries as containers run them: their environment, their logs, their memory, and that one SIGTERM ends them
//! well.

use crate::support::{PATIENCE, Peer, Plane, call, fake_postgres, free_port, listen, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

pub(crate) const CONTROL_PLANE: &str = env!("CARGO_BIN_EXE_strato-control-plane");
pub(crate) const AGENT: &str = env!("CARGO_BIN_EXE_strato-agent");

/// A program that runs, and its log.
pub(crate) struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) base: String,
}

impl Program {
    #[expect(clippy::disallowed_methods, reason = "this crate depends on nothing of ours, the spawner included")]
    pub(crate) fn start(program: &str, port: u16, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program);
        let command = command.env_clear().envs(variables.iter().copied()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, lines, base: format!("http://127.0.0.1:{port}") }
    }

    /// A control plane without dependencies, or with those that are named.
    pub(crate) async fn control_plane(variables: &[(&str, &str)]) -> Self {
        let port = free_port().await;
        let text = port.to_string();
        let fixed = [
            ("PORT", text.as_str()),
            ("DATABASE_URL", "postgres://strato@127.0.0.1:1/strato"),
            ("DATABASE_PASSWORD", "geheim-7"),
            ("PERMIFY_URL", "http://127.0.0.1:1"),
        ];
        // Of two values of one name the last holds.
        let mut program = Self::start(CONTROL_PLANE, port, &[&fixed, variables].concat());
        program.until_event("listening").await;
        program
    }

    pub(crate) async fn agent(url: &str, variables: &[(&str, &str)]) -> Self {
        let port = free_port().await;
        let text = port.to_string();
        let fixed = [("STATUS_PORT", text.as_str()), ("CONTROL_PLANE_URL", url), ("AGENT_ID", "a1")];
        let mut program = Self::start(AGENT, port, &[&fixed, variables].concat());
        program.until_event("listening").await;
        program
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        call("GET", &format!("{}{path}", self.base), None, "").await
    }

    /// The next line of its log; none when it has ended.
    pub(crate) async fn event(&mut self) -> Option<Value> {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("a line in time");
        let event: Value = serde_json::from_str(&line.expect("a line")?).expect("JSON");
        assert!(event["timestamp"].is_string() && event["level"].is_string(), "{event}");
        Some(event)
    }

    pub(crate) async fn until_event(&mut self, name: &str) -> Value {
        loop {
            let event = self.event().await.unwrap_or_else(|| panic!("it ended before `{name}`"));
            if event["event"] == name {
                return event;
            }
        }
    }

    /// Memory in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.split_whitespace().next().and_then(|size| size.parse::<u64>().ok()).expect("a number") * 1024
    }

    pub(crate) fn terminate(&self) {
        kill(Pid::from_raw(self.id()), Signal::SIGTERM).expect("the signal is sent");
    }

    /// Its exit code, once it has ended.
    pub(crate) async fn code(&mut self) -> Option<i32> {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").expect("its status").code()
    }

    fn id(&self) -> i32 {
        i32::try_from(self.child.id().expect("it runs")).expect("a pid")
    }
}

#[tokio::test]
async fn a_control_plane_without_dependencies_lives_and_ends_at_sigterm() {
    let mut program = Program::control_plane(&[]).await;
    assert_eq!(program.get("/health/live").await.0, 200);
    assert_eq!(program.get("/health/ready").await.0, 503);
    let build: String = format!("{:x}", Sha256::digest(std::fs::read(CONTROL_PLANE).expect("the program")));
    assert_eq!(program.get("/health").await.1["build"], build[..12]);
    let mut peer = Peer::dial(program.base.trim_start_matches("http://")).await;
    peer.register("a1", 100).await;
    let began = Instant::now();
    program.terminate();
    assert_eq!(peer.closed().await, Some(1001));
    assert_eq!(program.until_event("stopping").await["signal"], "SIGTERM");
    assert_eq!(program.until_event("stopped").await["isFinished"], true);
    assert_eq!(program.code().await, Some(0));
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_agent_registers_is_small_and_leaves_at_sigterm() {
    let plane = Plane::start(&[]).await;
    let mut program = Program::agent(&plane.url(), &[("AGENT_MODE", "mock")]).await;
    let registered = program.until_event("registered").await;
    let message = registered["message"].as_str().expect("a message");
    assert!(message.contains("registered as ") && message.contains("mode=mock"), "{registered}");
    let seen = plane.only_agent().await.expect("it is there");
    assert_eq!((&registered["mode"], &registered["sessionId"]), (&json!("mock"), &seen["sessionId"]));
    until("an acknowledgement", async || (program.get("/status").await.1["acknowledged"] == 1).then_some(())).await;
    assert_eq!(program.get("/health/ready").await.0, 200);
    assert_eq!(program.get("/health/live").await.0, 200);
    assert!(program.memory() < 15_000_000, "{} bytes", program.memory());
    program.terminate();
    program.until_event("stopped").await;
    assert_eq!(program.code().await, Some(0));
    assert_eq!(plane.only_agent().await, None, "it unregistered");
}

#[tokio::test]
async fn an_agent_without_a_control_plane_ends_at_sigterm_and_said_why_it_was_alone() {
    let url = format!("ws://127.0.0.1:{}/agent/ws", free_port().await);
    let mut program = Program::agent(&url, &[]).await;
    let alone = program.until_event("disconnected").await;
    let message = alone["message"].as_str().expect("a message");
    assert!(message.starts_with("not connected: ") && message.contains("refused"), "{alone}");
    assert_eq!(program.get("/health/ready").await.0, 503);
    assert_eq!(program.get("/health/live").await.0, 200);
    program.terminate();
    assert_eq!(program.code().await, Some(0));
}

#[tokio::test]
async fn an_agent_finds_out_what_its_host_can_do() {
    let url = format!("ws://127.0.0.1:{}/agent/ws", free_port().await);
    let alone = Program::agent(&url, &[]).await;
    let (_, status) = alone.get("/status").await;
    assert_eq!((&status["mode"], &status["modeReason"]), (&json!("mock"), &json!("no qemu-system-x86_64 on PATH")));
    let named = Program::agent(&url, &[("QEMU_PATH", AGENT)]).await;
    let has_kvm = Path::new("/dev/kvm").exists();
    assert_eq!(named.get("/status").await.1["mode"], if has_kvm { "qemu" } else { "mock" });
    let mut demanding = Program::start(AGENT, 1, &[("CONTROL_PLANE_URL", &url), ("AGENT_MODE", "qemu")]);
    let failed = demanding.until_event("failed").await;
    assert_eq!(failed["reason"], "AGENT_MODE is `qemu`, but no qemu-system-x86_64 on PATH");
    assert_eq!(demanding.code().await, Some(1));
}

#[tokio::test]
async fn an_environment_that_makes_no_sense_ends_them() {
    let url = ("CONTROL_PLANE_URL", "ws://x/agent/ws");
    for (program, variables, reason) in [
        (AGENT, vec![], "CONTROL_PLANE_URL is not set; it must be the control plane's ws:// URL"),
        (AGENT, vec![url, ("STRATO_FAULT", "leak")], "STRATO_FAULT is `leak`; it must be "),
        (CONTROL_PLANE, vec![], "DATABASE_URL is not set; it must be a postgres:// URL"),
        (
            CONTROL_PLANE,
            vec![("DATABASE_URL", "postgres://u:geheim-7@h:port/d")],
            "DATABASE_URL can't be read; it must",
        ),
    ] {
        let mut ended = Program::start(program, 1, &variables);
        let failed = ended.until_event("failed").await;
        assert!(failed["reason"].as_str().is_some_and(|said| said.starts_with(reason)), "{failed}");
        assert!(!failed.to_string().contains("geheim-7"), "{failed}");
        assert_eq!(ended.code().await, Some(1));
    }
}

#[tokio::test]
async fn the_password_is_in_no_line_unless_that_is_the_fault() {
    let said = async |fault: &str| {
        let database = listen().await;
        let url = format!("postgres://strato@{}/strato", database.local_addr().expect("an address"));
        tokio::spawn(fake_postgres(database));
        let port = free_port().await;
        let (text, debug) = (port.to_string(), ("LOG_LEVEL", "debug"));
        let fixed = [("PORT", text.as_str()), ("DATABASE_URL", &url), ("DATABASE_PASSWORD", "geheim-7"), debug];
        let more = [("PERMIFY_URL", "http://127.0.0.1:1"), ("STRATO_FAULT", fault)];
        let mut program = Program::start(CONTROL_PLANE, port, &[fixed, [more[0], more[1], debug, debug]].concat());
        let mut said = Vec::new();
        while said.len() < 20 {
            let Some(event) = program.event().await else { break };
            if event["event"] == "database-connected" {
                program.terminate();
            }
            said.push(event.to_string());
        }
        assert!(said.iter().any(|line| line.contains("database-connected")), "{said:?}");
        assert!(said.iter().any(|line| line.contains("stopped")), "{said:?}");
        said.iter().filter(|line| line.contains("geheim-7")).count()
    };
    assert_eq!(said("").await, 0);
    assert_eq!(said("logs-password").await, 1);
}
