//! The WebSocket probe: lines that stay open between acts, each with a record of what came over it and when. A talk is
//! driven by who knows what is expected; here is only what was done and seen.

use crate::probe::Deadline;
use crate::{failure, way};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use indexmap::IndexMap;
use rustls::pki_types::ServerName;
use seatrial_observation::{ProbeFailure, Way, WsAct, WsClosed, WsFrame, WsKind, WsSpec, WsState};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Uri};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// The most lines that are open at a time; the oldest goes.
const LINES: usize = 64;

/// The most frames of a line that are kept.
const FRAMES: usize = 10_000;

/// The most characters of a frame that are kept.
const TEXT: usize = 64 << 10;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

type Socket = WebSocketStream<Box<dyn Stream>>;

/// An open line.
struct Line {
    since: Instant,
    sink: tokio::sync::Mutex<SplitSink<Socket, Message>>,
    seen: watch::Receiver<Seen>,
}

/// What came over a line.
#[derive(Debug, Default)]
struct Seen {
    frames: Vec<WsFrame>,
    pings: u64,
    closed: Option<WsClosed>,
}

/// The lines of this process, oldest first.
static OPEN: LazyLock<Mutex<IndexMap<String, Arc<Line>>>> = LazyLock::new(Mutex::default);

/// Does it, and says how the line stands.
pub(crate) async fn act(spec: &WsSpec, deadline: Deadline) -> Result<WsState, ProbeFailure> {
    timeout_at(deadline.at, acted(spec)).await.unwrap_or_else(|_| Err(failure::timed_out(deadline)))
}

async fn acted(spec: &WsSpec) -> Result<WsState, ProbeFailure> {
    if let WsAct::Open { url, headers, way } = &spec.act {
        let line = Arc::new(open(url, headers, way).await?);
        keep(&spec.line, line.clone());
        return Ok(line.state(0));
    }
    let line = find(&spec.line)?;
    match &spec.act {
        WsAct::Send { text } => line.send(Message::text(text.clone())).await?,
        WsAct::Ping => line.send(Message::Ping("seatrial".into())).await?,
        WsAct::Close { code } => {
            let frame = CloseFrame { code: (*code).into(), reason: "".into() };
            line.send(Message::Close(Some(frame))).await?;
        }
        WsAct::Read { from, wait_ms } => {
            line.until_more(*from, Duration::from_millis(*wait_ms)).await;
            return Ok(line.state(*from));
        }
        WsAct::Forget => _ = lines().shift_remove(&spec.line),
        WsAct::Open { .. } => {}
    }
    Ok(line.state(usize::MAX))
}

fn lines() -> std::sync::MutexGuard<'static, IndexMap<String, Arc<Line>>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep(name: &str, line: Arc<Line>) {
    let mut all = lines();
    if all.len() >= LINES {
        all.shift_remove_index(0);
    }
    all.insert(name.to_owned(), line);
}

fn find(name: &str) -> Result<Arc<Line>, ProbeFailure> {
    let found = lines().get(name).cloned();
    found.ok_or_else(|| failure::protocol(format!("the line `{name}` is not known here (any more)")))
}

impl Line {
    async fn send(&self, message: Message) -> Result<(), ProbeFailure> {
        // What can't be sent because the other side closed is seen as the close.
        match self.sink.lock().await.send(message).await {
            Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(_)) => Ok(()),
            Err(error) => Err(failure::of_error(&error)),
        }
    }

    async fn until_more(&self, from: usize, wait: Duration) {
        let mut seen = self.seen.clone();
        let more = seen.wait_for(|seen| seen.frames.len() > from || seen.closed.is_some());
        let _ = timeout(wait, more).await;
    }

    fn state(&self, from: usize) -> WsState {
        let seen = self.seen.borrow();
        WsState {
            now_ms: ms(self.since),
            frames: seen.frames.get(from..).unwrap_or_default().to_vec(),
            count: seen.frames.len(),
            pings: seen.pings,
            closed: seen.closed.clone(),
        }
    }
}

async fn open(url: &str, headers: &IndexMap<String, String>, way: &Way) -> Result<Line, ProbeFailure> {
    let not_a_url = |why: String| failure::protocol(format!("not a URL: {url}: {why}"));
    let uri: Uri = url.parse().map_err(|error| not_a_url(format!("{error}")))?;
    let host = uri.host().filter(|_| uri.scheme().is_some()).ok_or_else(|| not_a_url("it has no host".to_owned()))?;
    let host = host.to_owned();
    let is_tls = matches!(uri.scheme_str(), Some("https" | "wss"));
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let stream = way::connect(way, &host, port).await?;
    let stream: Box<dyn Stream> = if is_tls { Box::new(encrypted(stream, host, way).await?) } else { Box::new(stream) };
    let written = url.replacen("http", "ws", usize::from(url.starts_with("http")));
    let mut request = written.into_client_request().map_err(|error| not_a_url(error.to_string()))?;
    for (name, value) in headers {
        let not_a_header = || failure::protocol(format!("not a header: {name}: {value}"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| not_a_header())?;
        request.headers_mut().insert(name, HeaderValue::from_str(value).map_err(|_| not_a_header())?);
    }
    let (socket, _) = client_async(request, stream).await.map_err(|error| no_upgrade(&error))?;
    let (since, (sink, stream)) = (Instant::now(), socket.split());
    let (sender, seen) = watch::channel(Seen::default());
    tokio::spawn(listen(stream, sender, since));
    Ok(Line { since, sink: tokio::sync::Mutex::new(sink), seen })
}

async fn encrypted(
    stream: tokio::net::TcpStream,
    host: String,
    way: &Way,
) -> Result<tokio_rustls::client::TlsStream<tokio::net::TcpStream>, ProbeFailure> {
    let config = way::tls(way.trust.as_deref()).map_err(failure::protocol)?;
    let name = ServerName::try_from(host).map_err(|error| failure::protocol(error.to_string()))?;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.map_err(|error| failure::of_error(&error))
}

/// A server that answers without switching to WebSocket is named with its status.
fn no_upgrade(error: &Error) -> ProbeFailure {
    match error {
        Error::Http(answer) => {
            failure::protocol(format!("no upgrade to WebSocket: status {}", answer.status().as_u16()))
        }
        other => failure::of_error(other),
    }
}

/// Writes down what comes, until it ends or nobody keeps the line any more.
async fn listen(mut stream: SplitStream<Socket>, seen: watch::Sender<Seen>, since: Instant) {
    let closed = loop {
        let next = tokio::select! {
            next = stream.next() => next,
            () = seen.closed() => return,
        };
        match next {
            Some(Ok(Message::Close(frame))) => {
                let (code, reason) =
                    frame.map_or((None, String::new()), |f| (Some(f.code.into()), f.reason.to_string()));
                let at_ms = ms(since);
                // Our answer to it is sent by the next read.
                let _ = timeout(Duration::from_secs(1), stream.next()).await;
                break WsClosed { at_ms, code, reason };
            }
            Some(Ok(message)) => keep_frame(message, &seen, since),
            Some(Err(error)) => break gone(since, error.to_string()),
            None => break gone(since, "the connection ended without a close frame".to_owned()),
        }
    };
    seen.send_modify(|seen| seen.closed = Some(closed));
}

fn gone(since: Instant, reason: String) -> WsClosed {
    WsClosed { at_ms: ms(since), code: None, reason }
}

fn keep_frame(message: Message, seen: &watch::Sender<Seen>, since: Instant) {
    let (kind, text) = match message {
        Message::Text(text) => (WsKind::Text, bounded(text.as_str())),
        Message::Binary(bytes) => (WsKind::Binary, bounded(&String::from_utf8_lossy(&bytes))),
        Message::Pong(bytes) => (WsKind::Pong, bounded(&String::from_utf8_lossy(&bytes))),
        // Its pong is sent with the next read.
        Message::Ping(_) => return seen.send_modify(|seen| seen.pings += 1),
        Message::Close(_) | Message::Frame(_) => return,
    };
    let frame = WsFrame { at_ms: ms(since), kind, text };
    seen.send_modify(|seen| {
        if seen.frames.len() < FRAMES {
            seen.frames.push(frame);
        }
    });
}

fn bounded(text: &str) -> String {
    text.chars().take(TEXT).collect()
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests;
