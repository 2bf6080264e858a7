//! Small servers for the tests of the probes, sound and broken ones.

use axum::Router;
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// What a broken server does with a connection.
#[derive(Clone, Copy)]
pub(crate) enum Behaviour {
    /// Accepts, and never answers.
    Silent,
    /// Reads, then resets the connection.
    Resets,
    /// Reads, says these bytes, and then …
    Says(&'static [u8], Then),
}

/// How a broken server goes on after its words.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    /// It closes the connection.
    Closes,
    /// It keeps the connection and is silent.
    Stays,
}

/// Serves a router; the base of its URLs.
pub(crate) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// A server that breaks in one way.
pub(crate) async fn broken(behaviour: Behaviour) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(behave(stream, behaviour));
        }
    });
    address
}

async fn behave(mut stream: TcpStream, behaviour: Behaviour) {
    let mut request = [0; 1024];
    let _ = stream.read(&mut request).await;
    match behaviour {
        Behaviour::Silent => std::future::pending().await,
        Behaviour::Resets => stream.set_zero_linger().expect("linger"),
        Behaviour::Says(words, then) => {
            stream.write_all(words).await.expect("write");
            if matches!(then, Then::Stays) {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// A port that nobody listens on, nor ever will: it stays bound while the test runs.
pub(crate) fn closed_port() -> u16 {
    let socket = TcpSocket::new_v4().expect("socket");
    socket.bind("127.0.0.1:0".parse().expect("address")).expect("bind");
    let port = socket.local_addr().expect("address").port();
    std::mem::forget(socket);
    port
}

/// A server whose queue of connections is full: a further connect has no answer.
pub(crate) async fn full() -> SocketAddr {
    let socket = TcpSocket::new_v4().expect("socket");
    socket.bind("127.0.0.1:0".parse().expect("address")).expect("bind");
    let listener = socket.listen(1).expect("listen");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move {
        let mut waiting = Vec::new();
        for _ in 0..8 {
            waiting.push(tokio::spawn(TcpStream::connect(address)));
        }
        std::future::pending::<()>().await;
        drop((listener, waiting));
    });
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
    address
}

/// A server that counts its connections and offers to keep them open.
pub(crate) async fn counting() -> (String, Arc<AtomicUsize>) {
    let inner = serve(Router::new().route("/", get(|| async { "ok" }))).await;
    let inner = inner.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut far = TcpStream::connect(&inner).await.expect("connect");
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    });
    (format!("http://{address}/"), count)
}
