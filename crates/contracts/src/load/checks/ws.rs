//! `ws:`: a talk over a WebSocket: send, expect, ping, idle, close.

use super::tls::{TlsFile, tls};
use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::expectation::expectation;
use crate::load::findings::Findings;
use crate::load::scalars::{address, duration};
use crate::model::{Check, Expectation, TalkAct, TalkStep, WsCheck, WsLine};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "ws",
    about: "A talk over a WebSocket: send, expect, ping, idle, close; an address alone: it upgrades.",
    is_static: false,
    schema: schema_of::<WsFile>,
    parse,
};

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum WsFile {
    /// The address: the upgrade succeeds.
    Address(String),
    Talk(Box<TalkFile>),
}

/// A talk.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TalkFile {
    /// The address of a new line.
    to: Option<String>,
    /// Request headers of the upgrade.
    #[serde(default)]
    headers: IndexMap<String, String>,
    /// What is promised about TLS; with it the line is encrypted.
    tls: Option<TlsFile>,
    /// The name under which the line stays open (in `before` only).
    keep: Option<String>,
    /// The line that `before` kept.
    kept: Option<String>,
    /// What is said and expected, in order.
    #[serde(default)]
    #[schemars(with = "Vec<StepSchema>")]
    talk: Vec<Value>,
}

/// One step: `ping`, or a map with one act.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "for the schema; steps are read one by one, each at its place")]
enum StepSchema {
    Word(WordFile),
    Step(Box<StepFile>),
}

#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "for the schema")]
enum WordFile {
    /// A ping is answered.
    Ping,
}

/// One act, and how long what it waits for may take.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StepFile {
    /// A text frame; a map or a list is sent as JSON.
    #[serde(default, deserialize_with = "some")]
    #[schemars(extend("type" = ["object", "array", "string", "number", "boolean"]))]
    send: Option<Value>,
    /// Some frame from here on is like this (a map: as JSON, in part); others may come before it.
    #[serde(default, deserialize_with = "some")]
    #[schemars(extend("type" = ["object", "array", "string", "number", "boolean"]))]
    expect: Option<Value>,
    /// Nothing is said for this long, and the line stays open.
    idle: Option<String>,
    /// We close with this code, and the other side agrees.
    #[schemars(range(min = 1000, max = 4999))]
    close: Option<u16>,
    /// The other side closes, with this code (`present`: with any, or none).
    #[serde(default, deserialize_with = "some")]
    #[schemars(extend("type" = ["integer", "string"]))]
    closed: Option<Value>,
    /// How many pings of the other side came over the line until now: ">= 3".
    #[serde(default, deserialize_with = "some")]
    #[schemars(extend("type" = ["integer", "string"]))]
    pings: Option<Value>,
    /// How long it may take; 5s where nothing is written.
    within: Option<String>,
}

/// A key that is there has a value, null too.
fn some<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let file = match read(value, at, found)? {
        WsFile::Address(text) => {
            let line = WsLine::New { to: address(&text, at, found)?, headers: IndexMap::new(), tls: None };
            return Some(Check::Ws(Box::new(WsCheck { line, keep: None, talk: Vec::new() })));
        }
        WsFile::Talk(file) => *file,
    };
    is_kept_in_before(&file, at, found)?;
    let steps = file.talk.iter().enumerate().map(|(i, step)| talk_step(step, &format!("{at}/talk/{i}"), found));
    let talk: Vec<Option<TalkStep>> = steps.collect();
    let keep = file.keep.clone();
    let line = line(file, at, found)?;
    let talk = talk.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Check::Ws(Box::new(WsCheck { line, keep, talk })))
}

/// A line that nobody could take up again is a slip; so is a talk over a kept line that says nothing.
fn is_kept_in_before(file: &TalkFile, at: &str, found: &mut Findings<'_>) -> Option<()> {
    if file.keep.is_some() && !at.starts_with("/before") {
        let hint = Some("write it in `before`, and `kept` here".to_owned());
        found.key(&child(at, "keep"), "misplaced-key", "`keep` prepares, it promises nothing", hint);
        return None;
    }
    if file.kept.is_some() && file.talk.is_empty() {
        let hint = Some("add a `talk`".to_owned());
        found.value(at, "empty-expectation", "a kept line alone asserts nothing", hint);
        return None;
    }
    Some(())
}

fn line(file: TalkFile, at: &str, found: &mut Findings<'_>) -> Option<WsLine> {
    match (file.to, file.kept) {
        (Some(to), None) => {
            let tls = match file.tls {
                Some(file) => Some(Box::new(tls(file, &child(at, "tls"), found)?)),
                None => None,
            };
            Some(WsLine::New { to: address(&to, &child(at, "to"), found)?, headers: file.headers, tls })
        }
        (None, Some(name)) if file.headers.is_empty() && file.tls.is_none() => Some(WsLine::Kept(name)),
        _ => {
            let hint = Some("write `to` for a new line, or `kept` for one that `before` kept".to_owned());
            found.value(at, "bad-value", "a talk goes over a new line or over a kept one", hint);
            None
        }
    }
}

fn talk_step(step: &Value, at: &str, found: &mut Findings<'_>) -> Option<TalkStep> {
    if step == "ping" {
        return Some(TalkStep { act: TalkAct::Ping, within: None });
    }
    let file: StepFile = read(step, at, found)?;
    let within = match &file.within {
        Some(text) => Some(duration(text, &child(at, "within"), found)?),
        None => None,
    };
    let act = act(file, at, found)?;
    if within.is_some() && !matches!(act, TalkAct::Expect(_) | TalkAct::Close(_) | TalkAct::Closed(_)) {
        let message = "`within` is about what is waited for: expect, close or closed";
        found.key(&child(at, "within"), "misplaced-key", message, None);
        return None;
    }
    Some(TalkStep { act, within })
}

fn act(file: StepFile, at: &str, found: &mut Findings<'_>) -> Option<TalkAct> {
    let StepFile { send, expect, idle, close, closed, pings, within: _ } = file;
    let (is_close, is_closed) = (close.is_some(), closed.is_some());
    let written = [send.is_some(), expect.is_some(), idle.is_some(), is_close, is_closed, pings.is_some()];
    if written.iter().filter(|is_there| **is_there).count() != 1 {
        let hint = Some("write one of send, expect, ping, idle, close, closed, pings".to_owned());
        found.value(at, "bad-step", "a step of a talk is one act", hint);
        return None;
    }
    if let Some(value) = send {
        return Some(TalkAct::Send(value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)));
    }
    if let Some(text) = idle {
        return duration(&text, &child(at, "idle"), found).map(TalkAct::Idle);
    }
    if let Some(code) = close {
        return Some(TalkAct::Close(code));
    }
    if let Some(value) = closed {
        return expectation(&value, &child(at, "closed"), found).map(TalkAct::Closed);
    }
    if let Some(value) = pings {
        return expectation(&value, &child(at, "pings"), found).map(TalkAct::Pings);
    }
    let expected = expectation(&expect?, &child(at, "expect"), found)?;
    if matches!(expected, Expectation::Absent | Expectation::Unchanged) {
        let hint = Some("say what a frame is like; that none comes can't be waited for".to_owned());
        found.value(&child(at, "expect"), "bad-value", "no frame is like this", hint);
        return None;
    }
    Some(TalkAct::Expect(expected))
}
