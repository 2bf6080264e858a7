//! A connection of an agent, from the upgrade to the close.

use super::agents::Agent;
use super::fault::Fault;
use super::plane::ControlPlane;
use super::session::{Change, Outcome, Overdue, Session};
use crate::frames::close;
use crate::log::{self, Level};
use futures::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

/// The largest frame that is read. A registration takes less than 1 kB.
const MOST: usize = 64 << 10;

/// How long a peer may take to answer a close.
const GOODBYE: Duration = Duration::from_secs(1);

/// The stream of an upgraded connection.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Small buffers: the frames are small, and there may be many connections.
pub(super) fn settings() -> WebSocketConfig {
    let settings = WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(0);
    settings.max_message_size(Some(MOST)).max_frame_size(Some(MOST))
}

/// How a connection ends.
enum End {
    /// The peer closed it, or it broke.
    Gone(String),
    /// We close it.
    Close(u16, &'static str),
    /// We drop it without a word.
    Drop,
}

/// What happens to a connection.
enum Event {
    Came(Option<Result<Message, Error>>),
    PingIsDue,
    Replaced,
    Stopping,
    CutIsDue,
}

/// A connection at work.
pub(super) struct Link {
    plane: Arc<ControlPlane>,
    socket: Socket,
    session: Session,
    pings: Interval,
    cut: Option<Instant>,
    replaced: Arc<Notify>,
    stopping: watch::Receiver<bool>,
}

impl Link {
    /// A fresh connection.
    pub(super) fn new(plane: Arc<ControlPlane>, socket: Socket, stopping: watch::Receiver<bool>) -> Self {
        let config = &plane.config;
        let mut pings = interval_at(Instant::now() + config.ping, config.ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let cut = config.faults.has(Fault::DropsAfter5s).then(|| Instant::now() + config.limits.drop_after);
        let session = Session::new(config.heartbeat_seconds, config.limits, config.faults.clone());
        Self { session, pings, cut, replaced: Arc::new(Notify::new()), plane, socket, stopping }
    }

    /// Talks until the end.
    pub(super) async fn talk(mut self) {
        let end = loop {
            let (deadline, why) = self.session.deadline();
            let ended = match timeout_at(deadline, self.next()).await {
                Ok(event) => self.on(event).await.err(),
                Err(_) => Some(overdue(why)),
            };
            if let Some(end) = ended {
                break end;
            }
        };
        self.finish(end).await;
    }

    async fn next(&mut self) -> Event {
        let cut = async {
            let forever = std::future::pending::<()>();
            match self.cut {
                Some(at) => drop(timeout_at(at, forever).await),
                None => forever.await,
            }
        };
        tokio::select! {
            biased;
            _ = self.stopping.wait_for(|is_stopping| *is_stopping) => Event::Stopping,
            () = self.replaced.notified() => Event::Replaced,
            () = cut => Event::CutIsDue,
            came = self.socket.next() => Event::Came(came),
            _ = self.pings.tick() => Event::PingIsDue,
        }
    }

    async fn on(&mut self, event: Event) -> Result<(), End> {
        match event {
            Event::Came(Some(Ok(message))) => self.on_message(message).await,
            Event::Came(Some(Err(Error::Capacity(_)))) => Err(End::Close(1009, "frame too large")),
            Event::Came(Some(Err(error))) => Err(End::Gone(error.to_string())),
            Event::Came(None) => Err(End::Gone("the connection ended".to_owned())),
            Event::PingIsDue if self.plane.config.faults.has(Fault::NoPings) => Ok(()),
            Event::PingIsDue => self.ping().await,
            Event::Replaced => Err(End::Close(close::REPLACED, "replaced by a newer session")),
            Event::Stopping => Err(End::Close(CloseCode::Away.into(), "going away")),
            Event::CutIsDue => Err(End::Drop),
        }
    }

    async fn on_message(&mut self, message: Message) -> Result<(), End> {
        self.session.heard();
        match message {
            Message::Text(text) => {
                let outcome = self.session.on_text(&text);
                self.follow(outcome).await
            }
            Message::Binary(_) => self.follow(Session::on_binary()).await,
            Message::Pong(_) => {
                self.session.ponged();
                self.publish();
                Ok(())
            }
            Message::Close(frame) => Err(End::Gone(closed(frame.as_ref()))),
            Message::Ping(_) | Message::Frame(_) => Ok(()),
        }
    }

    async fn follow(&mut self, Outcome { answer, change }: Outcome) -> Result<(), End> {
        match change {
            Change::Registered(before) => self.registered(before),
            Change::Heard => self.publish(),
            Change::Left(agent) => self.left(&agent),
            Change::Refused => log::event(Level::Warn, "frame-refused", &json!({ "answer": answer })),
            Change::None => {}
        }
        match answer {
            Some(answer) => self.send(Message::text(answer.text())).await,
            None => Ok(()),
        }
    }

    fn registered(&self, before: Option<Agent>) {
        let Some(agent) = self.session.agent() else { return };
        if let Some(before) = before.filter(|before| before.id != agent.id) {
            self.plane.agents.remove(&before);
        }
        self.plane.agents.register(agent.clone(), &self.replaced);
        log::event(
            Level::Info,
            "agent-registered",
            &json!({
                "agentId": agent.id, "sessionId": agent.session_id, "mode": agent.mode,
                "heartbeatSeconds": agent.heartbeat_seconds,
            }),
        );
    }

    fn left(&self, agent: &Agent) {
        self.plane.agents.remove(agent);
        log::event(Level::Info, "agent-left", &json!({ "agentId": agent.id, "sessionId": agent.session_id }));
    }

    fn publish(&self) {
        if let Some(agent) = self.session.agent() {
            self.plane.agents.update(agent);
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        self.send(Message::Ping(Bytes::new())).await?;
        self.session.pinged();
        self.publish();
        Ok(())
    }

    /// A peer that reads nothing must not hold the connection's clock up.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.plane.config.limits.sending, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(End::Gone(error.to_string())),
            Err(_) => Err(End::Gone("nothing can be sent".to_owned())),
        }
    }

    async fn finish(mut self, end: End) {
        let ended = self.session.end();
        if let Some(agent) = &ended {
            self.plane.agents.update(agent);
        }
        let (name, why, code) = match &end {
            End::Gone(why) => ("connection-ended", why.as_str(), None),
            End::Close(close::UNHEARD, why) => ("agent-evicted", *why, Some(close::UNHEARD)),
            End::Close(code, why) => ("connection-closed", *why, Some(*code)),
            End::Drop => ("connection-dropped", "a fault that was asked for", None),
        };
        let (id, session) = ended.map_or((None, None), |agent| (Some(agent.id), Some(agent.session_id)));
        let fields = json!({ "agentId": id, "sessionId": session, "reason": why, "code": code });
        log::event(Level::Info, name, &fields);
        match end {
            End::Close(code, why) => goodbye(self.socket, code, why).await,
            // The answer to the peer's close is still to be sent: reading on does that, and sees the end.
            End::Gone(_) => drop(timeout(GOODBYE, async { while let Some(Ok(_)) = self.socket.next().await {} }).await),
            End::Drop => {}
        }
    }
}

fn overdue(why: Overdue) -> End {
    match why {
        Overdue::Heartbeat => End::Close(close::UNHEARD, "heartbeats missed"),
        Overdue::Silence => End::Gone("nothing was heard, not even a pong".to_owned()),
    }
}

fn closed(frame: Option<&CloseFrame>) -> String {
    frame.map_or_else(|| "closed".to_owned(), |frame| format!("closed by the peer with {}", u16::from(frame.code)))
}

/// Closes, and gives the peer a moment to answer.
async fn goodbye(mut socket: Socket, code: u16, why: &'static str) {
    let frame = CloseFrame { code: code.into(), reason: why.into() };
    let said = async {
        socket.close(Some(frame)).await?;
        while socket.next().await.is_some_and(|came| came.is_ok()) {}
        Ok::<(), Error>(())
    };
    let _ = timeout(GOODBYE, said).await;
}
