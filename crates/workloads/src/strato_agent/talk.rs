//! A connection's life: register, say that one lives, leave.

use super::config::Config;
use super::dial::Socket;
use super::status::Status;
use super::{host, mode::Mode};
use crate::frames::{Body, Frame, Heartbeat, Register, RegisterResponse, Unregister};
use crate::log::{self, Level};
use crate::random;
use futures::{SinkExt, StreamExt};
use serde_json::json;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout, timeout_at};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

/// How long the control plane may take to answer a close.
const GOODBYE: Duration = Duration::from_secs(1);

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// We were told to leave.
    Left,
    /// It is gone, or of no use.
    Lost(String),
}

/// What happens to a connection.
enum Event {
    Came(Option<Result<Message, Error>>),
    BeatIsDue,
    Leaving,
}

/// A connection at work.
pub(super) struct Talk<'a> {
    config: &'a Config,
    status: &'a Status,
    socket: Socket,
    mode: Mode,
    session: Option<String>,
    beats: Interval,
    /// The last request; an answer should name it.
    asked: String,
    /// When something was acknowledged last, or the connection began.
    acknowledged: Instant,
    is_proved: bool,
}

impl<'a> Talk<'a> {
    /// A fresh connection.
    pub(super) fn new(config: &'a Config, status: &'a Status, mode: Mode, socket: Socket) -> Self {
        let mut beats = interval(Duration::from_secs(config.heartbeat_seconds.into()));
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (asked, acknowledged) = (String::new(), Instant::now());
        Self { config, status, socket, mode, session: None, beats, asked, acknowledged, is_proved: false }
    }

    /// Talks until the end; says whether a heartbeat was ever acknowledged.
    pub(super) async fn talk(mut self, leaving: &mut watch::Receiver<bool>) -> (Ended, bool) {
        self.status.dialled();
        let ended = match self.register().await {
            Ok(()) => self.go_on(leaving).await,
            Err(ended) => ended,
        };
        let is_proved = self.is_proved;
        match &ended {
            Ended::Left => self.leave().await,
            Ended::Lost(_) => drop(timeout(GOODBYE, self.socket.close(None)).await),
        }
        (ended, is_proved)
    }

    async fn register(&mut self) -> Result<(), Ended> {
        let config = self.config;
        let mode = self.mode.word();
        let register = Register {
            agent_id: config.id.clone(),
            hostname: Some(config.hostname.clone()),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            mode: Some(mode.to_owned()),
            capabilities: vec![mode.to_owned()],
            resources: Some(host::resources()),
            heartbeat_seconds: Some(config.heartbeat_seconds),
        };
        self.ask(Body::Register(register)).await
    }

    async fn go_on(&mut self, leaving: &mut watch::Receiver<bool>) -> Ended {
        loop {
            // Who says that it lives less often than that is acknowledged less often, too.
            let patience = self.config.limits.unacknowledged.max(self.beats.period() * 2);
            let event = timeout_at(self.acknowledged + patience, self.next(leaving)).await;
            let followed = match event {
                Ok(event) => self.on(event).await,
                Err(_) => Err(self.unacknowledged(patience)),
            };
            if let Err(ended) = followed {
                return ended;
            }
        }
    }

    fn unacknowledged(&self, patience: Duration) -> Ended {
        let what = if self.session.is_some() { "no heartbeat acknowledged" } else { "no answer to register" };
        Ended::Lost(format!("{what} within {} ms", patience.as_millis()))
    }

    async fn next(&mut self, leaving: &mut watch::Receiver<bool>) -> Event {
        tokio::select! {
            biased;
            _ = leaving.wait_for(|is_leaving| *is_leaving) => Event::Leaving,
            came = self.socket.next() => Event::Came(came),
            _ = self.beats.tick(), if self.session.is_some() => Event::BeatIsDue,
        }
    }

    async fn on(&mut self, event: Event) -> Result<(), Ended> {
        match event {
            Event::Leaving => Err(Ended::Left),
            Event::BeatIsDue => self.beat().await,
            Event::Came(None) => Err(Ended::Lost("the connection ended".to_owned())),
            Event::Came(Some(Err(error))) => Err(Ended::Lost(error.to_string())),
            Event::Came(Some(Ok(Message::Text(text)))) => self.on_text(&text).await,
            Event::Came(Some(Ok(Message::Ping(_)))) => {
                self.status.pinged();
                Ok(())
            }
            Event::Came(Some(Ok(Message::Close(frame)))) => Err(Ended::Lost(closed(frame.as_ref()))),
            Event::Came(Some(Ok(_))) => Ok(()),
        }
    }

    async fn on_text(&mut self, text: &str) -> Result<(), Ended> {
        let frame = match Frame::read(text) {
            Ok(frame) => frame,
            Err(unreadable) => {
                log::event(Level::Warn, "frame-refused", &json!({ "reason": unreadable.refusal }));
                return self.send(&unreadable.into()).await;
            }
        };
        let is_ours = frame.request_id.as_deref() == Some(&self.asked);
        match frame.body {
            Body::RegisterResponse(response) => {
                self.warn_of(is_ours, frame.request_id.as_ref());
                self.registered(response);
            }
            Body::HeartbeatAck(ack) if Some(&ack.session_id) == self.session.as_ref() => {
                self.warn_of(is_ours, frame.request_id.as_ref());
                self.acknowledged();
            }
            Body::Error(refusal) => log::event(Level::Warn, "refused", &json!({ "reason": refusal })),
            other => log::event(Level::Warn, "unexpected-frame", &json!({ "frame": other })),
        }
        Ok(())
    }

    fn registered(&mut self, response: RegisterResponse) {
        let RegisterResponse { agent_id, name, session_id, .. } = response;
        self.status.registered(&name, &session_id);
        let mode = self.mode.word();
        log::event(
            Level::Info,
            "registered",
            &json!({
                "message": format!("registered as {name}, mode={mode}, session {session_id}"),
                "agentId": agent_id, "mode": mode, "modeReason": self.status.now().mode_reason, "sessionId": session_id,
            }),
        );
        self.acknowledged = Instant::now();
        self.session = Some(session_id);
        self.beats.reset_immediately();
    }

    fn acknowledged(&mut self) {
        self.acknowledged = Instant::now();
        self.is_proved = true;
        self.status.acknowledged();
    }

    /// The session says whose answer it is; a request that nobody made is still worth a line.
    fn warn_of(&self, is_ours: bool, request_id: Option<&String>) {
        if !is_ours {
            let fields = json!({ "requestId": request_id, "asked": self.asked });
            log::event(Level::Warn, "unknown-request", &fields);
        }
    }

    async fn beat(&mut self) -> Result<(), Ended> {
        self.ask(Body::Heartbeat(Heartbeat { agent_id: Some(self.config.id.clone()) })).await?;
        self.status.beat();
        Ok(())
    }

    async fn ask(&mut self, body: Body) -> Result<(), Ended> {
        self.asked = random::name();
        self.send(&Frame::now(self.asked.clone(), body)).await
    }

    async fn send(&mut self, frame: &Frame) -> Result<(), Ended> {
        match timeout(self.config.limits.connect, self.socket.send(Message::text(frame.text()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Ended::Lost(error.to_string())),
            Err(_) => Err(Ended::Lost("nothing can be sent".to_owned())),
        }
    }

    async fn leave(mut self) {
        let leave = async {
            self.ask(Body::Unregister(Unregister { agent_id: Some(self.config.id.clone()) })).await?;
            let frame = CloseFrame { code: CloseCode::Normal, reason: "leaving".into() };
            let _ = self.socket.close(Some(frame)).await;
            while self.socket.next().await.is_some_and(|came| came.is_ok()) {}
            Ok::<(), Ended>(())
        };
        let _ = timeout(GOODBYE, leave).await;
    }
}

fn closed(frame: Option<&CloseFrame>) -> String {
    let said = frame.map(|frame| format!("closed with {} {}", u16::from(frame.code), frame.reason));
    said.map_or_else(|| "closed".to_owned(), |said| said.trim().to_owned())
}
