//! A control plane and an agent, and what each knows of the other.

use crate::support::{Dialler, Peer, Plane, brisk, free_port, listen, pass, until_within};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_async;
use workloads::strato_agent::Limits;

fn limits() -> Limits {
    Limits { connect: Duration::from_millis(500), unacknowledged: Duration::from_millis(2200), ..Limits::default() }
}

#[tokio::test]
async fn both_sides_say_the_same() {
    let plane = Plane::start(&[("PING_SECONDS", "1")]).await;
    let agent = Dialler::start(&plane.url(), &[], limits()).await;
    let status = agent.until("three acknowledged", |status| status["acknowledged"].as_u64() >= Some(3)).await;
    let seen = plane.only_agent().await.expect("it is there");
    assert_eq!(status["sessionId"], seen["sessionId"]);
    assert_eq!((&status["connected"], &seen["connected"], agent.ready().await), (&json!(true), &json!(true), 200));
    assert_eq!((&status["mode"], &seen["mode"], &seen["id"]), (&json!("mock"), &json!("mock"), &json!("a1")));
    assert!(seen["acknowledged"].as_u64() >= Some(3) && seen["heartbeats"] == seen["acknowledged"], "{seen}");
    assert!(
        status["pingsReceived"].as_u64() >= Some(1) && seen["pongsReceived"].as_u64() >= Some(1),
        "{status} {seen}"
    );
    let before = seen["lastHeartbeat"].clone();
    plane.until_agent("it lives on", |agent| agent["lastHeartbeat"] != before).await;

    agent.agent.leave().await;
    assert_eq!(plane.only_agent().await, None, "it unregistered");
}

#[tokio::test]
async fn an_agent_comes_back_after_a_restart_of_the_control_plane() {
    let listener = listen().await;
    let address = listener.local_addr().expect("an address");
    let plane = Plane::start_on(listener, &[], brisk());
    let agent = Dialler::start(&plane.url(), &[], Limits::default()).await;
    let first = agent.until("connected", |status| status["acknowledged"].as_u64() >= Some(1)).await;
    plane.stop().await;
    let lost = agent.until("it knows", |status| status["connected"] == false).await;
    assert!(lost["reason"].is_string() && lost["sessionId"] == Value::Null, "{lost}");
    assert_eq!(agent.ready().await, 503);
    pass(Duration::from_secs(2)).await;

    let plane = Plane::start_on(TcpListener::bind(address).await.expect("the port"), &[], brisk());
    let began = Instant::now();
    let second = agent.until("it is back", |status| status["connected"] == true).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_ne!(first["sessionId"], second["sessionId"]);
    assert!(second["reconnects"].as_u64() >= Some(1), "{second}");
    assert_eq!(plane.only_agent().await.expect("it is there")["sessionId"], second["sessionId"]);
}

/// Forwards until it is cut; then nothing passes, and no connection ends.
struct Wire {
    address: String,
    is_cut: Arc<AtomicBool>,
}

impl Wire {
    async fn to(plane: &Plane) -> Self {
        let (listener, is_cut) = (listen().await, Arc::new(AtomicBool::new(false)));
        let address = listener.local_addr().expect("an address").to_string();
        let (to, cut) = (plane.address.clone(), Arc::clone(&is_cut));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&to).await.expect("the control plane");
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                tokio::spawn(forward(near_in, far_out, Arc::clone(&cut)));
                tokio::spawn(forward(far_in, near_out, Arc::clone(&cut)));
            }
        });
        Self { address, is_cut }
    }

    fn cut(&self, is_cut: bool) {
        self.is_cut.store(is_cut, Ordering::Relaxed);
    }
}

/// What was cut off stays so: a connection that lost bytes is of no use. Neither end is told.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, is_cut: Arc<AtomicBool>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if is_cut.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    if is_cut.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_without_a_word_is_noticed_by_both() {
    let plane = Plane::start(&[("PING_SECONDS", "1")]).await;
    let wire = Wire::to(&plane).await;
    let agent = Dialler::start(&format!("ws://{}/agent/ws", wire.address), &[], limits()).await;
    let before = agent.until("connected", |status| status["acknowledged"].as_u64() >= Some(1)).await;
    wire.cut(true);
    let began = Instant::now();
    let lost = agent.until("the agent notices", |status| status["connected"] == false).await;
    let reason = lost["reason"].as_str().expect("a reason");
    assert!(reason.contains("no heartbeat acknowledged within 2200 ms"), "{reason}");
    plane.until_agent("the control plane notices", |agent| agent["connected"] == false).await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    agent.until("it dials in vain", |status| status["reconnects"].as_u64() >= Some(2)).await;
    let vain = agent.status().await;
    assert_eq!(vain["connected"], false, "{vain}");

    wire.cut(false);
    let back = |seen: Value| seen["connected"].as_bool() == Some(true) && seen["sessionId"] != before["sessionId"];
    until_within(Duration::from_secs(5), "both are back", async || {
        let (ours, theirs) = (agent.status().await, plane.only_agent().await?);
        (ours["sessionId"] == theirs["sessionId"] && back(ours) && back(theirs)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_agent_says_who_it_is_and_leaves_in_good_order() {
    let listener = listen().await;
    let url = format!("ws://{}/agent/ws", listener.local_addr().expect("an address"));
    let agent = Dialler::start(&url, &[("AGENT_MODE", "mock")], limits()).await;
    let (stream, _) = listener.accept().await.expect("it dials");
    let mut peer = Peer(accept_async(stream).await.expect("an upgrade"));
    let register = peer.hear().await;
    assert_eq!((&register["type"], &register["agentId"]), (&json!("register"), &json!("a1")), "{register}");
    assert_eq!((&register["mode"], &register["heartbeatSeconds"]), (&json!("mock"), &json!(1)), "{register}");
    assert!(register["resources"]["memory"]["total"].as_u64() > Some(0), "{register}");
    assert!(register["hostname"].is_string() && register["timestamp"].is_string(), "{register}");
    assert_eq!(agent.status().await["connected"], false, "not before it is welcome");
    let id = &register["requestId"];
    let welcome = json!({ "type": "register_response", "requestId": id, "agentId": "a1", "name": "n", "sessionId": "s",
        "heartbeatSeconds": 1, "motd": "hello" });
    let beat = peer.ask(&welcome).await;
    assert_eq!((&beat["type"], &beat["agentId"]), (&json!("heartbeat"), &json!("a1")), "{beat}");
    assert_ne!(beat["requestId"], register["requestId"]);
    let foreign = json!({ "type": "heartbeat_ack", "requestId": "x", "sessionId": "another" });
    peer.say(&foreign.to_string()).await;
    peer.say("not json").await;
    assert_eq!(peer.hear().await["code"], "invalid_json");
    assert_eq!(agent.status().await["acknowledged"], 0, "that was another's");

    let leaving = tokio::spawn(agent.agent.leave());
    let mut last = peer.hear().await;
    while last["type"] == "heartbeat" {
        last = peer.hear().await;
    }
    assert_eq!((&last["type"], &last["agentId"]), (&json!("unregister"), &json!("a1")), "{last}");
    assert_eq!(peer.closed().await, Some(1000));
    leaving.await.expect("it left");
}

#[tokio::test]
async fn who_does_not_welcome_is_left() {
    let listener = listen().await;
    let url = format!("ws://{}/agent/ws", listener.local_addr().expect("an address"));
    let agent = Dialler::start(&url, &[], limits()).await;
    let (stream, _) = listener.accept().await.expect("it dials");
    let _mute = accept_async(stream).await.expect("an upgrade");
    let lost = agent.until("it gives up", |status| status["reconnects"] != 0).await;
    assert!(lost["reason"].as_str().is_some_and(|why| why.contains("no answer to register")), "{lost}");
}

#[tokio::test]
async fn attempts_are_spread_and_never_end() {
    let url = format!("ws://127.0.0.1:{}/agent/ws", free_port().await);
    let agent = Dialler::start(&url, &[], limits()).await;
    pass(Duration::from_secs(4)).await;
    let status = agent.status().await;
    let attempts = status["reconnects"].as_u64().expect("a count");
    assert!((3..=25).contains(&attempts), "{attempts} attempts in 4 s");
    assert!(status["reason"].as_str().is_some_and(|reason| reason.contains("refused")), "{status}");
}

/// A server that welcomes and drops at once must not be dialled as fast as the machine can.
#[tokio::test]
async fn a_short_welcome_is_no_success() {
    let (listener, count) = (listen().await, Arc::new(AtomicUsize::new(0)));
    let url = format!("ws://{}/agent/ws", listener.local_addr().expect("an address"));
    let dialled = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            dialled.fetch_add(1, Ordering::Relaxed);
            let mut peer = Peer(accept_async(stream).await.expect("an upgrade"));
            let id = peer.hear().await["requestId"].clone();
            let welcome = json!({ "type": "register_response", "requestId": id, "agentId": "a1", "name": "n",
                "sessionId": "s", "heartbeatSeconds": 1 });
            peer.say(&welcome.to_string()).await;
        }
    });
    let _agent = Dialler::start(&url, &[], limits()).await;
    pass(Duration::from_secs(3)).await;
    let dialled = count.load(Ordering::Relaxed);
    assert!((2..=25).contains(&dialled), "{dialled} times in 3 s");
}
