//! One connection's side of the protocol, without the connection: texts in, answers out, and the moment until which the
//! peer must have been heard.

use super::agents::Agent;
use super::config::Limits;
use super::fault::Fault;
use crate::faults::Faults;
use crate::frames::{Body, Frame, Heartbeat, HeartbeatAck, Refusal, Register, RegisterResponse, code, refusal};
use crate::random;
use jiff::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

/// What a connection does because of a frame.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The answer.
    pub(super) answer: Option<Frame>,
    /// What became of the agent.
    pub(super) change: Change,
}

/// What became of the agent.
#[derive(Debug, Default)]
pub(super) enum Change {
    /// Nothing.
    #[default]
    None,
    /// It registered; this one, if any, was registered on the connection before.
    Registered(Option<Agent>),
    /// It said that it lives.
    Heard,
    /// It left.
    Left(Agent),
    /// It sent what it may not.
    Refused,
}

/// Why a peer is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// It missed its heartbeats.
    Heartbeat,
    /// Nothing came, not even a pong.
    Silence,
}

/// What is known of a connection.
#[derive(Debug)]
pub(super) struct Session {
    heartbeat_seconds: u32,
    limits: Limits,
    faults: Faults<Fault>,
    agent: Option<Agent>,
    pings: u64,
    pongs: u64,
    heard: Instant,
    beaten: Instant,
}

impl Session {
    /// A connection of now.
    pub(super) fn new(heartbeat_seconds: u32, limits: Limits, faults: Faults<Fault>) -> Self {
        let now = Instant::now();
        Self { heartbeat_seconds, limits, faults, agent: None, pings: 0, pongs: 0, heard: now, beaten: now }
    }

    /// The agent, once it has registered.
    pub(super) fn agent(&self) -> Option<&Agent> {
        self.agent.as_ref()
    }

    /// Something came.
    pub(super) fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// A ping went out.
    pub(super) fn pinged(&mut self) {
        self.pings += 1;
        self.count();
    }

    /// A pong came.
    pub(super) fn ponged(&mut self) {
        self.pongs += 1;
        self.count();
    }

    /// The connection is over; the agent as it was last.
    pub(super) fn end(&mut self) -> Option<Agent> {
        self.agent.take().map(|agent| Agent { connected: false, ..agent })
    }

    /// When the peer is given up, and why.
    pub(super) fn deadline(&self) -> (Instant, Overdue) {
        let silence = (self.heard + self.limits.silence, Overdue::Silence);
        let Some(agent) = &self.agent else { return silence };
        let patience = Duration::from_secs(agent.heartbeat_seconds.into()) * self.limits.heartbeats;
        let heartbeat = (self.beaten + patience, Overdue::Heartbeat);
        if heartbeat.0 < silence.0 { heartbeat } else { silence }
    }

    /// A frame that is no text.
    pub(super) fn on_binary() -> Outcome {
        refused(None, refusal(code::UNSUPPORTED, "frames are text"))
    }

    /// A text came.
    pub(super) fn on_text(&mut self, text: &str) -> Outcome {
        let frame = match Frame::read(text) {
            Ok(frame) => frame,
            Err(unreadable) => return refused(unreadable.request_id, unreadable.refusal),
        };
        let kind = frame.kind();
        match (frame.body, frame.request_id) {
            (Body::Register(register), id) => self.register(&register, id),
            (Body::Heartbeat(heartbeat), id) => self.heartbeat(&heartbeat, id),
            (Body::Unregister(leaving), id) => self.unregister(leaving.agent_id.as_deref(), id),
            // An answer to an error frame could be one, too, and so on.
            (Body::Error(_), _) => Outcome::default(),
            (_, id) => refused(id, refusal(code::UNEXPECTED_TYPE, format!("only the control plane sends {kind}"))),
        }
    }

    fn register(&mut self, register: &Register, id: Option<String>) -> Outcome {
        let heartbeat_seconds = register.heartbeat_seconds.unwrap_or(self.heartbeat_seconds);
        let agent = Agent::new(register, random::name(), heartbeat_seconds, Timestamp::now());
        let response = RegisterResponse {
            agent_id: agent.id.clone(),
            name: agent.name.clone(),
            session_id: agent.session_id.clone(),
            heartbeat_seconds,
        };
        self.beaten = Instant::now();
        let before = self.agent.replace(agent);
        self.count();
        Outcome { answer: Some(self.answer(id, Body::RegisterResponse(response))), change: Change::Registered(before) }
    }

    fn heartbeat(&mut self, heartbeat: &Heartbeat, id: Option<String>) -> Outcome {
        if let Err(why) = self.is_by(heartbeat.agent_id.as_deref()) {
            return refused(id, why);
        }
        self.beaten = Instant::now();
        let is_acknowledged = !self.faults.has(Fault::NeverAcks);
        let answer = self.agent.as_mut().filter(|_| is_acknowledged).map(|agent| {
            agent.acknowledged += 1;
            agent.session_id.clone()
        });
        if let Some(agent) = &mut self.agent {
            agent.heartbeats += 1;
            agent.last_heartbeat = Timestamp::now();
        }
        let answer = answer.map(|session_id| self.answer(id, Body::HeartbeatAck(HeartbeatAck { session_id })));
        Outcome { answer, change: Change::Heard }
    }

    fn unregister(&mut self, agent_id: Option<&str>, id: Option<String>) -> Outcome {
        match (self.is_by(agent_id), self.agent.take()) {
            (Ok(()), Some(agent)) => Outcome { answer: None, change: Change::Left(agent) },
            (Err(why), agent) => {
                self.agent = agent;
                refused(id, why)
            }
            (Ok(()), None) => Outcome::default(),
        }
    }

    /// Whether the agent that is named is the one that registered here.
    fn is_by(&self, named: Option<&str>) -> Result<(), Refusal> {
        let Some(agent) = &self.agent else { return Err(refusal(code::NOT_REGISTERED, "register first")) };
        match named {
            Some(other) if other != agent.id => {
                Err(refusal(code::AGENT_MISMATCH, format!("this connection is that of {}", agent.id)))
            }
            _ => Ok(()),
        }
    }

    fn answer(&self, id: Option<String>, body: Body) -> Frame {
        let is_wrong = self.faults.has(Fault::WrongRequestId);
        Frame::now(if is_wrong { Some(random::name()) } else { id }, body)
    }

    fn count(&mut self) {
        if let Some(agent) = &mut self.agent {
            agent.pings_sent = self.pings;
            agent.pongs_received = self.pongs;
        }
    }
}

fn refused(request_id: Option<String>, why: Refusal) -> Outcome {
    Outcome { answer: Some(Frame::now(request_id, Body::Error(why))), change: Change::Refused }
}
