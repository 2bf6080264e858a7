//! The frames that a control plane and its agents exchange: text frames of a WebSocket, one JSON object each, with a
//! `type`, a `requestId` that an answer repeats, and a `timestamp`. Both sides use these types and no others. Fields
//! that are not known are passed over, so that a newer peer is understood.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    /// What is said.
    #[serde(flatten)]
    pub body: Body,
    /// Which request this is, or which it answers; only an error frame may be about none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When it was made (RFC 3339); always written, not always read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
}

/// What a frame says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Body {
    /// An agent says who it is.
    Register(Register),
    /// It is welcome.
    RegisterResponse(RegisterResponse),
    /// An agent lives.
    Heartbeat(Heartbeat),
    /// That was heard.
    HeartbeatAck(HeartbeatAck),
    /// An agent leaves for good; there is no answer.
    Unregister(Unregister),
    /// A frame was not understood, or not allowed.
    Error(Refusal),
}

/// An agent says who it is. A second one of the same name replaces the first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Register {
    /// Its name for itself, the same after a restart of the connection.
    pub agent_id: String,
    /// The host that it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How it runs machines: `mock` or `qemu`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// What it can do.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// What its host has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// How often it is going to say that it lives; what the control plane expects where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_seconds: Option<u32>,
}

/// What a host has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resources {
    /// CPUs.
    pub cpu: Amount,
    /// Memory, in bytes.
    pub memory: Amount,
    /// Disk, in bytes.
    pub disk: Amount,
}

/// How much there is of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Amount {
    /// In all.
    pub total: u64,
    /// Of that, not in use.
    pub available: u64,
}

/// The agent is registered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterResponse {
    /// The agent's own name for itself.
    pub agent_id: String,
    /// The name that it was given.
    pub name: String,
    /// This connection's session; a new one for each registration.
    pub session_id: String,
    /// How often the control plane expects to hear from it.
    pub heartbeat_seconds: u32,
}

/// The agent lives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// Which agent; that of the connection where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
}

/// The heartbeat was heard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeartbeatAck {
    /// The session that was heard.
    pub session_id: String,
}

/// The agent leaves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unregister {
    /// Which agent; that of the connection where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
}

/// Why a frame was refused.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// For people.
    pub error: String,
    /// For programs: one of [`code`].
    pub code: String,
}

/// The codes of error frames.
pub mod code {
    /// The text is no JSON object.
    pub const INVALID_JSON: &str = "invalid_json";
    /// There is no such type of frame.
    pub const UNKNOWN_TYPE: &str = "unknown_type";
    /// A field is missing or of the wrong kind.
    pub const INVALID_FRAME: &str = "invalid_frame";
    /// Frames are text.
    pub const UNSUPPORTED: &str = "unsupported_frame";
    /// Only the other side may send this type.
    pub const UNEXPECTED_TYPE: &str = "unexpected_type";
    /// The agent must register first.
    pub const NOT_REGISTERED: &str = "not_registered";
    /// The frame names another agent than the one that registered.
    pub const AGENT_MISMATCH: &str = "agent_mismatch";
}

/// The codes with which connections are closed, beside the protocol's own.
pub mod close {
    /// The agent missed its heartbeats.
    pub const UNHEARD: u16 = 4408;
    /// The agent registered on another connection.
    pub const REPLACED: u16 = 4409;
}

/// The types of frames.
const TYPES: [&str; 6] = ["register", "register_response", "heartbeat", "heartbeat_ack", "unregister", "error"];

/// A text that is no frame: what to answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreadable {
    /// The request, as far as it can be known.
    pub request_id: Option<String>,
    /// What is wrong.
    pub refusal: Refusal,
}

impl Frame {
    /// A frame of now.
    pub fn now(request_id: impl Into<Option<String>>, body: Body) -> Self {
        Self { body, request_id: request_id.into(), timestamp: Some(Timestamp::now()) }
    }

    /// Reads a text.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let Some(fields) = value.as_object() else {
            return Err(Unreadable { request_id: None, refusal: refusal(code::INVALID_JSON, "not a JSON object") });
        };
        let request_id = fields.get("requestId").and_then(Value::as_str).map(ToOwned::to_owned);
        let kind = fields.get("type").and_then(Value::as_str);
        if !kind.is_some_and(|kind| TYPES.contains(&kind)) {
            let error = format!("type must be one of {}", TYPES.join(", "));
            return Err(Unreadable { request_id, refusal: refusal(code::UNKNOWN_TYPE, error) });
        }
        let read: Result<Self, _> = serde_json::from_value(value);
        let refused = |error: String| Unreadable { request_id, refusal: refusal(code::INVALID_FRAME, error) };
        let frame = read.map_err(|error| refused(error.to_string()));
        frame.and_then(Self::sound)
    }

    /// The text to send.
    pub fn text(&self) -> String {
        // Text, numbers and lists of them: nothing that JSON can't say.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The type's word.
    pub fn kind(&self) -> &'static str {
        match self.body {
            Body::Register(_) => "register",
            Body::RegisterResponse(_) => "register_response",
            Body::Heartbeat(_) => "heartbeat",
            Body::HeartbeatAck(_) => "heartbeat_ack",
            Body::Unregister(_) => "unregister",
            Body::Error(_) => "error",
        }
    }

    /// What the types alone don't say.
    fn sound(self) -> Result<Self, Unreadable> {
        let lack = match &self.body {
            Body::Error(_) => None,
            _ if self.request_id.is_none() => Some("requestId is missing"),
            Body::Register(register) if register.agent_id.is_empty() => Some("agentId is empty"),
            Body::Register(register) if register.heartbeat_seconds.is_some_and(|beat| !(1..=3600).contains(&beat)) => {
                Some("heartbeatSeconds must be from 1 to 3600")
            }
            _ => None,
        };
        match lack {
            None => Ok(self),
            Some(error) => {
                Err(Unreadable { request_id: self.request_id, refusal: refusal(code::INVALID_FRAME, error) })
            }
        }
    }
}

impl From<Unreadable> for Frame {
    fn from(Unreadable { request_id, refusal }: Unreadable) -> Self {
        Self::now(request_id, Body::Error(refusal))
    }
}

/// A refusal of this code.
pub(crate) fn refusal(code: &str, error: impl Into<String>) -> Refusal {
    Refusal { error: error.into(), code: code.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn refused(text: &str, code: &str, request_id: Option<&str>) {
        let unreadable = Frame::read(text).expect_err("no frame");
        assert_eq!((unreadable.refusal.code.as_str(), unreadable.request_id.as_deref()), (code, request_id), "{text}");
        assert!(!unreadable.refusal.error.is_empty(), "{text}");
    }

    #[test]
    fn a_bad_frame_is_told_apart() {
        refused("not json", code::INVALID_JSON, None);
        refused("[]", code::INVALID_JSON, None);
        refused("null", code::INVALID_JSON, None);
        refused(r#"{"requestId":"r"}"#, code::UNKNOWN_TYPE, Some("r"));
        refused(r#"{"type":"dance","requestId":"r"}"#, code::UNKNOWN_TYPE, Some("r"));
        refused(r#"{"type":7,"requestId":7}"#, code::UNKNOWN_TYPE, None);
        refused(r#"{"type":"register","requestId":"r"}"#, code::INVALID_FRAME, Some("r"));
        refused(r#"{"type":"register","requestId":"r","agentId":7}"#, code::INVALID_FRAME, Some("r"));
        refused(r#"{"type":"register","requestId":"r","agentId":""}"#, code::INVALID_FRAME, Some("r"));
        refused(r#"{"type":"heartbeat"}"#, code::INVALID_FRAME, None);
        refused(r#"{"type":"heartbeat","requestId":"r","timestamp":"yesterday"}"#, code::INVALID_FRAME, Some("r"));
        let never = r#"{"type":"register","requestId":"r","agentId":"a","heartbeatSeconds":0}"#;
        refused(never, code::INVALID_FRAME, Some("r"));
    }

    #[test]
    fn what_is_not_known_is_passed_over() {
        let text = r#"{"type":"heartbeat","requestId":"r","mood":"good","load":[1]}"#;
        let frame = Frame::read(text).expect("a frame");
        assert_eq!(frame.body, Body::Heartbeat(Heartbeat::default()));
        assert_eq!((frame.request_id.as_deref(), frame.timestamp), (Some("r"), None));
    }

    #[test]
    fn what_is_written_can_be_read() {
        let bodies = [
            Body::Register(Register {
                agent_id: "a".to_owned(),
                capabilities: vec!["mock".to_owned()],
                resources: Some(Resources::default()),
                heartbeat_seconds: Some(5),
                ..Register::default()
            }),
            Body::RegisterResponse(RegisterResponse::default()),
            Body::Heartbeat(Heartbeat { agent_id: Some("a".to_owned()) }),
            Body::HeartbeatAck(HeartbeatAck { session_id: "s".to_owned() }),
            Body::Unregister(Unregister::default()),
            Body::Error(refusal(code::INVALID_JSON, "no")),
        ];
        for (body, kind) in bodies.into_iter().zip(TYPES) {
            let frame = Frame::now("r".to_owned(), body);
            let value: Value = serde_json::from_str(&frame.text()).expect("JSON");
            assert_eq!((&value["type"], &value["requestId"]), (&json!(kind), &json!("r")));
            assert!(value["timestamp"].is_string(), "{value}");
            assert_eq!((Frame::read(&frame.text()), frame.kind()), (Ok(frame), kind));
        }
    }

    #[test]
    fn names_are_those_of_the_protocol() {
        let body = Body::RegisterResponse(RegisterResponse {
            agent_id: "a".to_owned(),
            name: "n".to_owned(),
            session_id: "s".to_owned(),
            heartbeat_seconds: 5,
        });
        let said = json!({
            "type": "register_response", "agentId": "a", "name": "n", "sessionId": "s", "heartbeatSeconds": 5,
        });
        assert_eq!(serde_json::to_value(&body).expect("JSON"), said);
    }
}
