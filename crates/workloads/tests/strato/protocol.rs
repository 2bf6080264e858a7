//! The protocol as an agent sees it, spoken by hand.

use crate::support::{Peer, Plane, brisk, call, listen, pass, until};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use workloads::strato_control_plane::Limits;

#[tokio::test]
async fn an_agent_registers_lives_and_leaves() {
    let plane = Plane::start(&[]).await;
    let mut peer = plane.dial().await;
    let early = peer.ask(&json!({ "type": "heartbeat", "requestId": "r0" })).await;
    assert_eq!((&early["code"], &early["requestId"]), (&json!("not_registered"), &json!("r0")), "{early}");

    let hello = json!({
        "type": "register", "requestId": "r1", "agentId": "a1", "hostname": "host-1", "version": "9", "mode": "mock",
        "capabilities": ["mock"], "resources": {}, "heartbeatSeconds": 7, "colour": "blue",
    });
    let welcome = peer.ask(&hello).await;
    assert_eq!((&welcome["type"], &welcome["requestId"]), (&json!("register_response"), &json!("r1")), "{welcome}");
    assert_eq!((&welcome["name"], &welcome["heartbeatSeconds"]), (&json!("host-1"), &json!(7)), "{welcome}");
    assert!(welcome["timestamp"].is_string(), "{welcome}");

    let ack = peer.ask(&json!({ "type": "heartbeat", "requestId": "r2", "agentId": "a1" })).await;
    assert_eq!((&ack["type"], &ack["requestId"]), (&json!("heartbeat_ack"), &json!("r2")), "{ack}");
    assert_eq!(ack["sessionId"], welcome["sessionId"]);
    let (status, agent) = plane.call("GET", "/api/agents/a1", None, "").await;
    assert_eq!(
        (status, &agent["sessionId"], &agent["connected"]),
        (200, &welcome["sessionId"], &json!(true)),
        "{agent}"
    );
    assert_eq!((&agent["heartbeats"], &agent["acknowledged"], &agent["mode"]), (&json!(1), &json!(1), &json!("mock")));
    assert_eq!(plane.only_agent().await, Some(agent));

    peer.say(r#"{"type":"unregister","requestId":"r3"}"#).await;
    until("it is gone", async || plane.only_agent().await.is_none().then_some(())).await;
    assert_eq!(plane.call("GET", "/api/agents/a1", None, "").await.0, 404);
}

#[tokio::test]
async fn a_bad_frame_is_answered_and_harms_nobody() {
    let plane = Plane::start(&[]).await;
    let mut peer = plane.dial().await;
    peer.register("a1", 100).await;
    for (text, code) in [
        ("not json", "invalid_json"),
        (r#"{"type":"dance","requestId":"r"}"#, "unknown_type"),
        (r#"{"type":"register","requestId":"r"}"#, "invalid_frame"),
        (r#"{"type":"heartbeat","requestId":"r","agentId":"a2"}"#, "agent_mismatch"),
        (r#"{"type":"unregister","requestId":"r","agentId":"a2"}"#, "agent_mismatch"),
        (r#"{"type":"heartbeat_ack","requestId":"r","sessionId":"s"}"#, "unexpected_type"),
    ] {
        peer.say(text).await;
        let error = peer.hear().await;
        assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!(code)), "{text}: {error}");
        assert!(error["error"].is_string() && error["timestamp"].is_string(), "{error}");
        assert_eq!(error["requestId"] == "r", text.starts_with('{'), "{error}");
    }
    peer.0.send(Message::binary(vec![1, 2])).await.expect("it is sent");
    assert_eq!(peer.hear().await["code"], "unsupported_frame");
    let ack = peer.ask(&json!({ "type": "heartbeat", "requestId": "r2" })).await;
    assert_eq!(ack["type"], "heartbeat_ack");
    peer.0.send(Message::text("x".repeat(70_000))).await.expect("it is sent");
    assert_eq!(peer.closed().await, Some(1009));
}

#[tokio::test]
async fn what_is_no_upgrade_is_told_so() {
    let plane = Plane::start(&[]).await;
    let (status, body) = plane.call("GET", "/agent/ws", None, "").await;
    assert_eq!((status, &body["code"]), (426, &json!("upgrade_required")), "{body}");
    assert_eq!(plane.call("POST", "/agent/ws", None, "").await.0, 405);
    let mut stream = TcpStream::connect(&plane.address).await.expect("a connection");
    let old = "GET /agent/ws HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n\
               sec-websocket-version: 8\r\nsec-websocket-key: x\r\n\r\n";
    stream.write_all(old.as_bytes()).await.expect("it is sent");
    let mut said = [0; 12];
    stream.read_exact(&mut said).await.expect("an answer");
    assert_eq!(said, *b"HTTP/1.1 426");
}

#[tokio::test]
async fn who_misses_three_heartbeats_is_evicted() {
    let plane = Plane::start(&[("PING_SECONDS", "1")]).await;
    let mut peer = plane.dial().await;
    let began = Instant::now();
    peer.register("mute", 1).await;
    assert_eq!(peer.closed().await, Some(4408));
    let took = began.elapsed().as_secs_f64();
    assert!((2.8..4.5).contains(&took), "{took} s");
    let agent = plane.until_agent("it is not connected", |agent| agent["connected"] == false).await;
    assert_eq!(agent["id"], "mute");
}

#[tokio::test]
async fn pings_are_counted_and_keep_an_idle_connection() {
    let plane = Plane::start(&[("PING_SECONDS", "1")]).await;
    let mut peer = plane.dial().await;
    peer.register("idle", 100).await;
    // Longer than a peer may be silent. Reading answers the pings.
    let idle = tokio::time::timeout(Duration::from_millis(3500), peer.closed()).await;
    assert!(idle.is_err(), "closed with {idle:?}");
    let agent = plane.only_agent().await.expect("it is there");
    assert_eq!((&agent["connected"], &agent["heartbeats"]), (&json!(true), &json!(0)), "{agent}");
    assert_eq!((&agent["pingsSent"], &agent["pongsReceived"]), (&json!(3), &json!(3)), "{agent}");
}

#[tokio::test]
async fn who_is_silent_without_a_word_is_dropped() {
    let plane = Plane::start(&[("PING_SECONDS", "1")]).await;
    let mut peer = plane.dial().await;
    peer.register("dead", 100).await;
    // Nobody reads any more, so that no ping is answered; the connection stays open.
    let began = Instant::now();
    plane.until_agent("it is given up", |agent| agent["connected"] == false).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    drop(peer);
}

#[tokio::test]
async fn an_agent_has_one_live_session() {
    let plane = Plane::start(&[]).await;
    let (mut first, mut second) = (plane.dial().await, plane.dial().await);
    let old = first.register("a1", 100).await;
    let new = second.register("a1", 100).await;
    assert_ne!(old["sessionId"], new["sessionId"]);
    assert_eq!(first.closed().await, Some(4409));
    let agent = plane.only_agent().await.expect("it is there");
    assert_eq!((&agent["sessionId"], &agent["connected"]), (&new["sessionId"], &json!(true)), "{agent}");
    let again = second.register("a1", 100).await;
    assert_ne!(again["sessionId"], new["sessionId"]);
    assert_eq!(plane.only_agent().await.expect("it is there")["sessionId"], again["sessionId"]);
}

#[tokio::test]
async fn at_the_end_everybody_hears_goodbye() {
    let plane = Plane::start(&[]).await;
    let mut peers = [plane.dial().await, plane.dial().await];
    peers[0].register("a1", 100).await;
    let began = Instant::now();
    let stopping = async {
        plane.control.stop().await;
        began.elapsed()
    };
    let told = async {
        let codes = [peers[0].closed().await, peers[1].closed().await];
        let late = TcpStream::connect(&plane.address).await.expect("a connection");
        let late = tokio_tungstenite::client_async(plane.url(), late).await;
        assert!(format!("{:?}", late.map(|_| ())).contains("503"), "a new connection was taken");
        let ready = plane.call("GET", "/health/ready", None, "").await;
        assert_eq!((ready.0, &ready.1["status"]), (503, &json!("stopping")));
        codes
    };
    let (took, codes) = tokio::join!(stopping, told);
    assert_eq!(codes, [Some(1001), Some(1001)]);
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn a_peer_that_answers_no_goodbye_holds_nobody_up() {
    let plane = Plane::start(&[]).await;
    let mut deaf = plane.dial().await;
    deaf.register("deaf", 100).await;
    let began = Instant::now();
    plane.stop().await;
    assert!(began.elapsed() < Duration::from_millis(2500), "{:?}", began.elapsed());
}

/// A peer that reads nothing fills the buffers; the connection's clock must go on all the same.
#[tokio::test]
async fn a_peer_that_reads_nothing_is_given_up() {
    let limits = Limits { sending: Duration::from_millis(300), silence: Duration::from_mins(1), ..brisk() };
    let plane = Plane::start_on(listen().await, &[], limits);
    let Peer(socket) = {
        let mut peer = plane.dial().await;
        peer.register("greedy", 1000).await;
        peer
    };
    let (mut says, _hears) = socket.split();
    let flood = async {
        let answered = json!({ "type": "heartbeat", "requestId": "r".repeat(30_000) }).to_string();
        while says.send(Message::text(answered.clone())).await.is_ok() {}
    };
    let given_up = plane.until_agent("it is given up", |agent| agent["connected"] == false);
    tokio::select! {
        agent = given_up => assert_eq!(agent["id"], "greedy"),
        () = flood => {}
    }
    plane.until_agent("it is given up", |agent| agent["connected"] == false).await;
}

#[tokio::test]
async fn health_names_who_is_missing_and_the_page_lists_agents() {
    let plane = Plane::start(&[]).await;
    assert_eq!(plane.call("GET", "/health/live", None, "").await.0, 200);
    let (status, ready) = plane.call("GET", "/health/ready", None, "").await;
    assert_eq!((status, &ready["status"]), (503, &json!("not-ready")), "{ready}");
    for dependency in ["postgresql", "permify"] {
        let seen = &ready["dependencies"][dependency];
        assert_eq!(seen["ok"], false, "{ready}");
        assert!(seen["reason"].is_string(), "{ready}");
    }
    let health = plane.get("/health").await;
    assert_eq!((&health["status"], &health["version"]), (&json!("ok"), &json!("0.1.0")), "{health}");
    assert_eq!(health["build"].as_str().map(str::len), Some(12), "{health}");
    let mut peer = plane.dial().await;
    peer.register("<b>a1</b>", 100).await;
    let page = plane.get("/").await;
    assert!(page.as_str().is_some_and(|page| page.contains("&lt;b&gt;a1") && !page.contains("<b>a1")), "{page}");
    let (_, elsewhere): (u16, Value) = call("GET", &format!("http://{}/nowhere", plane.address), None, "").await;
    assert_eq!(elsewhere, json!(""));
    pass(Duration::from_millis(1)).await;
}
