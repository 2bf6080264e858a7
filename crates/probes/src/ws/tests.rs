//! Lines against servers of this process: a sound one, and one that breaks in each way.

use crate::probe;
use crate::test_server::{self, Behaviour, Then};
use futures::{SinkExt, StreamExt};
use seatrial_observation::{FailureKind, ProbeAnswer, ProbeFailure, ProbeSpec, Way, WsAct, WsKind, WsSpec, WsState};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

const TIMEOUT: Duration = Duration::from_millis(800);

/// A server that does with each WebSocket what it is told.
async fn server<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(WebSocketStream<TcpStream>) -> F + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(socket) = tokio_tungstenite::accept_async(stream).await {
                tokio::spawn(serve(socket));
            }
        }
    });
    format!("http://{address}/ws")
}

async fn echo(mut socket: WebSocketStream<TcpStream>) {
    while let Some(Ok(message)) = socket.next().await {
        if message.is_text() {
            socket.send(message).await.expect("send");
        }
    }
}

async fn act(line: &str, act: WsAct) -> Result<WsState, ProbeFailure> {
    let spec = ProbeSpec::Ws(WsSpec { line: line.to_owned(), act });
    match probe(&spec, TIMEOUT).await.result {
        Ok(ProbeAnswer::Ws(state)) => Ok(state),
        Ok(other) => panic!("not a WebSocket's answer: {other:?}"),
        Err(failure) => Err(failure),
    }
}

async fn open(line: &str, url: String) -> Result<WsState, ProbeFailure> {
    act(line, WsAct::Open { url, headers: [].into(), way: Way::default() }).await
}

async fn read(line: &str, from: usize) -> WsState {
    act(line, WsAct::Read { from, wait_ms: 500 }).await.expect("a state")
}

#[tokio::test]
async fn frames_come_back_in_order_and_stamped() {
    open("echo", server(echo).await).await.expect("an upgrade");
    for text in ["one", "two"] {
        act("echo", WsAct::Send { text: text.to_owned() }).await.expect("sent");
    }
    let first = read("echo", 0).await;
    assert_eq!((first.frames[0].kind, first.frames[0].text.as_str()), (WsKind::Text, "one"));
    let second = read("echo", 1).await;
    assert_eq!((second.frames[0].text.as_str(), second.count, second.closed), ("two", 2, None));
    assert!(second.frames[0].at_ms <= second.now_ms);
}

#[tokio::test]
async fn a_ping_has_its_pong() {
    open("ping", server(echo).await).await.expect("an upgrade");
    act("ping", WsAct::Ping).await.expect("sent");
    assert_eq!(read("ping", 0).await.frames[0].kind, WsKind::Pong);
}

#[tokio::test]
async fn pings_of_the_server_are_counted_and_answered() {
    let (told, answered) = tokio::sync::oneshot::channel();
    let told = std::sync::Mutex::new(Some(told));
    let url = server(move |mut socket| {
        let told = told.lock().expect("a lock").take();
        async move {
            for _ in 0..3 {
                socket.send(Message::Ping("x".into())).await.expect("send");
            }
            let mut pongs = 0;
            while pongs < 3
                && let Some(Ok(message)) = socket.next().await
            {
                pongs += u32::from(message.is_pong());
            }
            let _ = told.expect("one connection").send(pongs);
            std::future::pending::<()>().await;
        }
    });
    open("pinged", url.await).await.expect("an upgrade");
    assert_eq!(answered.await, Ok(3), "each ping has its pong, though nobody talks");
    let state = read("pinged", 0).await;
    assert_eq!((state.pings, state.count, state.closed), (3, 0, None));
}

#[tokio::test]
async fn our_close_is_answered() {
    open("bye", server(echo).await).await.expect("an upgrade");
    act("bye", WsAct::Close { code: 1000 }).await.expect("sent");
    assert_eq!(read("bye", 0).await.closed.expect("closed").code, Some(1000));
}

#[tokio::test]
async fn a_server_that_says_goodbye_is_heard() {
    let url = server(|mut socket| async move {
        let frame = CloseFrame { code: 1001.into(), reason: "restart".into() };
        socket.close(Some(frame)).await.expect("close");
    });
    open("away", url.await).await.expect("an upgrade");
    let closed = read("away", 0).await.closed.expect("closed");
    assert_eq!((closed.code, closed.reason.as_str()), (Some(1001), "restart"));
}

#[tokio::test]
async fn a_connection_that_is_cut_has_no_code() {
    open("cut", server(|socket| async move { drop(socket) }).await).await.expect("an upgrade");
    assert_eq!(read("cut", 0).await.closed.expect("closed").code, None);
}

#[tokio::test]
async fn silence_is_no_frame_and_no_close() {
    open(
        "mute",
        server(|socket| async move {
            std::future::pending::<()>().await;
            drop(socket);
        })
        .await,
    )
    .await
    .expect("an upgrade");
    let state = read("mute", 0).await;
    assert_eq!((state.count, state.closed), (0, None));
    assert!(state.now_ms >= 499.0, "it was waited for");
}

#[tokio::test]
async fn binary_frames_are_kept() {
    let url = server(|mut socket| async move {
        socket.send(Message::binary(vec![104, 105])).await.expect("send");
        std::future::pending::<()>().await;
    });
    open("binary", url.await).await.expect("an upgrade");
    let state = read("binary", 0).await;
    assert_eq!((state.frames[0].kind, state.frames[0].text.as_str()), (WsKind::Binary, "hi"));
}

async fn check_failure(url: String, kind: FailureKind, message: &str) {
    let failure = open("broken", url).await.expect_err("a failure");
    assert_eq!(failure.kind, kind, "{failure:?}");
    assert!(failure.message.contains(message), "{failure:?}");
}

#[tokio::test]
async fn what_does_not_upgrade_is_named_with_its_status() {
    let url = test_server::serve(axum::Router::new()).await;
    check_failure(format!("{url}/ws"), FailureKind::Protocol, "no upgrade to WebSocket: status 404").await;
}

#[tokio::test]
async fn what_is_no_websocket_fails_in_its_class() {
    let url = format!("http://127.0.0.1:{}/", test_server::closed_port());
    check_failure(url, FailureKind::Refused, "Connection refused").await;
    let silent = test_server::broken(Behaviour::Silent).await;
    check_failure(format!("http://{silent}/"), FailureKind::TimedOut, "no answer within 0.8 s").await;
    let ssh = test_server::broken(Behaviour::Says(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", Then::Closes)).await;
    check_failure(format!("http://{ssh}/"), FailureKind::Protocol, "").await;
    check_failure("nowhere".to_owned(), FailureKind::Protocol, "not a URL: nowhere").await;
}

#[tokio::test]
async fn a_line_that_is_forgotten_is_not_known() {
    open("gone", server(echo).await).await.expect("an upgrade");
    act("gone", WsAct::Forget).await.expect("forgotten");
    let failure = act("gone", WsAct::Ping).await.expect_err("unknown");
    assert_eq!(failure.message, "the line `gone` is not known here (any more)");
}
