//! Each fault does what its word says, and a sound program does not.

use crate::programs::Program;
use crate::support::{Dialler, FakePermify, Plane, brisk, fake_postgres, listen, pass};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use workloads::strato_agent::Limits;

async fn faulty(fault: &str) -> Plane {
    Plane::start(&[("STRATO_FAULT", fault), ("PING_SECONDS", "1")]).await
}

fn limits() -> Limits {
    Limits { unacknowledged: Duration::from_millis(2200), ..Limits::default() }
}

#[tokio::test]
async fn answers_200_leaves_the_agent_alone_and_it_says_why() {
    let plane = faulty("answers-200").await;
    let agent = Dialler::start(&plane.url(), &[], limits()).await;
    let alone = agent.until("a reason", |status| status["reconnects"] != 0).await;
    assert_eq!((&alone["reason"], &alone["connected"]), (&json!("no upgrade: status 200"), &json!(false)), "{alone}");
    assert_eq!(plane.call("GET", "/agent/ws", None, "").await.0, 426, "who asks for no upgrade is still told so");
}

#[tokio::test]
async fn never_acks_is_noticed_by_the_agent() {
    let plane = faulty("never-acks").await;
    let agent = Dialler::start(&plane.url(), &[], limits()).await;
    let registered = agent.until("it is welcome", |status| status["connected"] == true).await;
    assert_eq!(registered["acknowledged"], 0);
    let heard = plane.until_agent("heartbeats", |agent| agent["heartbeats"].as_u64() >= Some(1)).await;
    assert_eq!(heard["acknowledged"], 0, "{heard}");
    let lost = agent.until("it gives up", |status| status["reason"].is_string()).await;
    assert!(lost["reason"].as_str().is_some_and(|why| why.contains("no heartbeat acknowledged")), "{lost}");
}

#[tokio::test]
async fn drops_after_5s_drops_without_a_word() {
    let (sound, plane) = (Plane::start(&[]).await, faulty("drops-after-5s").await);
    let (mut kept, mut peer) = (sound.dial().await, plane.dial().await);
    kept.register("a1", 100).await;
    peer.register("a1", 100).await;
    let began = Instant::now();
    assert_eq!(peer.closed().await, None);
    // Here the five seconds are 0.4.
    let took = began.elapsed();
    assert!(took > Duration::from_millis(300) && took < Duration::from_secs(2), "{took:?}");
    let (kept, dropped) = (sound.only_agent().await.expect("it is there"), plane.only_agent().await);
    assert_eq!((&kept["connected"], &dropped.expect("it is there")["connected"]), (&json!(true), &json!(false)));
    assert_eq!(workloads::strato_control_plane::Limits::default().drop_after, Duration::from_secs(5));
}

#[tokio::test]
async fn wrong_request_id_is_wrong_and_the_agent_stays() {
    let plane = faulty("wrong-request-id").await;
    let mut peer = plane.dial().await;
    let welcome = peer.register("by-hand", 100).await;
    assert!(welcome["type"] == "register_response" && welcome["requestId"] != "r1", "{welcome}");
    let ack = peer.ask(&json!({ "type": "heartbeat", "requestId": "r2" })).await;
    assert!(ack["type"] == "heartbeat_ack" && ack["requestId"] != "r2", "{ack}");
    let agent = Dialler::start(&plane.url(), &[], limits()).await;
    let status = agent.until("acknowledged", |status| status["acknowledged"].as_u64() >= Some(3)).await;
    assert_eq!(status["reconnects"], 0, "{status}");
}

#[tokio::test]
async fn slow_endpoint_is_slow_and_no_other_is() {
    let took = async |plane: &Plane, path: &str| {
        let began = Instant::now();
        plane.call("GET", path, Some("ann"), "").await;
        began.elapsed()
    };
    let (sound, slow) = (Plane::start(&[]).await, faulty("slow-endpoint").await);
    assert!(took(&slow, "/api/vms").await >= Duration::from_millis(300));
    // Which build it is, the program finds out at its start; here, whoever asks first waits for the hash of the tests.
    took(&slow, "/health").await;
    for path in ["/api/agents", "/api/session", "/health"] {
        assert!(took(&slow, path).await < Duration::from_millis(200), "{path}");
    }
    assert!(took(&sound, "/api/vms").await < Duration::from_millis(200));
}

#[tokio::test]
async fn no_pings_means_none() {
    let plane = faulty("no-pings").await;
    let mut peer = plane.dial().await;
    peer.register("idle", 100).await;
    let began = Instant::now();
    peer.closed().await;
    // Nothing was asked, so nothing was answered: the connection seems dead.
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let agent = plane.only_agent().await.expect("it is there");
    assert_eq!((&agent["connected"], &agent["pingsSent"]), (&json!(false), &json!(0)), "{agent}");
}

#[tokio::test]
async fn skips_authorization_asks_nobody() {
    let (permify, listener) = (FakePermify::default(), listen().await);
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    permify.serve(listener);
    let by = async |fault: &str| {
        let variables = [("PERMIFY_URL", url.as_str()), ("STRATO_FAULT", fault)];
        let plane = Plane::start_on(listen().await, &variables, brisk());
        let (status, body) = plane.call("GET", "/api/vms", Some("mallory"), "").await;
        (status, body["code"].clone())
    };
    assert_eq!(by("").await, (403, json!("forbidden")));
    assert_eq!(by("skips-authorization").await, (503, json!("database_unavailable")));
}

/// The database comes, and goes.
async fn after_the_database_went(fault: &str) -> Program {
    let listener = listen().await;
    let address = listener.local_addr().expect("an address");
    let url = format!("postgres://strato@{address}/strato");
    let mut program = Program::control_plane(&[("DATABASE_URL", &url), ("STRATO_FAULT", fault)]).await;
    let serving = std::thread::spawn(move || serve_for_a_while(listener));
    program.until_event("database-connected").await;
    serving.join().expect("it served");
    program.until_event("database-lost").await;
    program
}

/// On a runtime of its own, whose end ends the connections.
fn serve_for_a_while(listener: TcpListener) {
    let listener = listener.into_std().expect("a listener");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener).expect("a listener");
        let _ = tokio::time::timeout(Duration::from_secs(1), fake_postgres(listener)).await;
    });
}

#[tokio::test]
async fn exits_without_database_exits_and_a_sound_one_lives() {
    assert_eq!(after_the_database_went("exits-without-database").await.code().await, Some(1));
    let mut sound = after_the_database_went("").await;
    assert_eq!(sound.get("/health/live").await.0, 200);
    let ready = sound.get("/health/ready").await;
    assert_eq!((ready.0, &ready.1["dependencies"]["postgresql"]["ok"]), (503, &json!(false)));
    sound.terminate();
    assert_eq!(sound.code().await, Some(0));
}

#[tokio::test]
async fn exits_without_database_waits_for_the_first_one() {
    let mut program = Program::control_plane(&[("STRATO_FAULT", "exits-without-database")]).await;
    program.until_event("database-missing").await;
    pass(Duration::from_secs(1)).await;
    assert_eq!(program.get("/health/live").await.0, 200);
}

#[tokio::test]
async fn leaks_leak_in_both_and_sound_ones_do_not() {
    let url = "ws://127.0.0.1:1/agent/ws";
    let leaks = [("STRATO_FAULT", "leaks")];
    let planes = (Program::control_plane(&[]).await, Program::control_plane(&leaks).await);
    let agents = (Program::agent(url, &[]).await, Program::agent(url, &leaks).await);
    let before = [&planes.0, &planes.1, &agents.0, &agents.1].map(Program::memory);
    pass(Duration::from_secs(4)).await;
    let after = [&planes.0, &planes.1, &agents.0, &agents.1].map(Program::memory);
    let grown: Vec<f64> =
        after.iter().zip(before).map(|(after, before)| (*after as f64 - before as f64) / 1e6).collect();
    // 5 MB and 7.5 MB a second: the agent is beyond 100 MB within 14 s.
    assert!(grown[0] < 3.0 && grown[2] < 3.0, "{grown:?}");
    assert!((15.0..25.0).contains(&grown[1]) && (24.0..36.0).contains(&grown[3]), "{grown:?}");
}

#[tokio::test]
async fn fake_qemu_is_said_to_everybody() {
    let plane = Plane::start(&[]).await;
    let fault = [("AGENT_MODE", "mock"), ("STRATO_FAULT", "fake-qemu")];
    let agent = Dialler::start(&plane.url(), &fault, limits()).await;
    let status: Value = agent.until("connected", |status| status["connected"] == true).await;
    assert_eq!(
        (&status["mode"], &plane.only_agent().await.expect("it is there")["mode"]),
        (&json!("qemu"), &json!("qemu"))
    );
}

#[tokio::test]
async fn plain_page_is_no_page() {
    let page = async |fault: &str| {
        let plane = Plane::start(&[("STRATO_FAULT", fault)]).await;
        plane.call("GET", "/", None, "").await.1
    };
    assert!(page("").await.as_str().is_some_and(|page| page.starts_with("<!doctype html>")));
    assert_eq!(page("plain-page").await, json!("0 agents"));
}

#[tokio::test]
async fn reconnects_late_waits_and_a_sound_one_does_not() {
    let url = "ws://127.0.0.1:1/agent/ws";
    let late = Dialler::start(url, &[("STRATO_FAULT", "reconnects-late")], limits()).await;
    let sound = Dialler::start(url, &[], limits()).await;
    let tried = sound.until("it dials again", |status| status["reconnects"].as_u64() >= Some(3)).await;
    assert_eq!(tried["connected"], false);
    let waits = late.until("it has tried once", |status| status["reason"].is_string()).await;
    assert_eq!(waits["reconnects"], 0, "{waits}");
}
