//! `load:` as it is written, and its domain type.

use super::checks::http::{HttpFile, WORD};
use super::findings::Findings;
use super::latency::rate;
use super::latency_file::ConnectionsFile;
use super::scalars::duration;
use crate::diagnostic::child;
use crate::model::{Check, Event, Expectation, HttpStep, Load};
use schemars::JsonSchema;
use seatrial_observation::Connections;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// Requests a second where nothing is written.
const RATE: u32 = 50;

/// The longest load.
const LONGEST: Duration = Duration::from_mins(10);

/// The most requests of a load.
const MOST: u64 = 60_000;

/// Requests at a constant rate.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoadFile {
    /// Each request: an address, or one exchange with its fields. One that has not the status (200 where none is
    /// written) within 5 s has failed.
    #[schemars(with = "HttpFile")]
    pub(super) http: Value,
    /// Requests a second, 50/s where nothing is written: each has its due time, whatever became of those before.
    pub(super) rate: Option<String>,
    /// The longest time, where the clause is not judged before; at most 10m and 60000 requests.
    #[serde(rename = "for")]
    pub(super) for_: Option<String>,
    /// Whether each request opens a connection of its own (`new`, where nothing is written) or connections are `kept`.
    pub(super) connections: Option<ConnectionsFile>,
    /// The most requests that may fail.
    pub(super) failures: Option<u64>,
}

pub(super) fn load(file: &LoadFile, at: &str, found: &mut Findings<'_>) -> Option<Event> {
    let request = request(&file.http, &child(at, "http"), found);
    let rate = match &file.rate {
        None => Some(RATE),
        Some(text) => rate(text, &child(at, "rate"), found),
    };
    let longest = rate.and_then(|rate| longest(file.for_.as_deref(), rate, &child(at, "for"), found));
    let connections = match file.connections {
        None | Some(ConnectionsFile::New) => Connections::New,
        Some(ConnectionsFile::Kept) => Connections::Kept,
    };
    let (request, rate, longest) = (request?, rate?, longest?);
    Some(Event::Load(Box::new(Load { request, rate, longest, connections, failures: file.failures })))
}

/// One exchange, of which only the status is looked at.
fn request(written: &Value, at: &str, found: &mut Findings<'_>) -> Option<HttpStep> {
    let Check::Http(mut http) = (WORD.parse)(written, at, found)? else { return None };
    let only = http.0.pop().filter(|_| http.0.is_empty());
    let is_status = |step: &HttpStep| {
        let is_number =
            step.status.as_ref().is_none_or(|status| matches!(status, Expectation::Equal(Value::Number(_))));
        let is_bare = step.header.is_empty() && step.text.is_none() && step.json.is_empty() && step.save.is_empty();
        is_number && is_bare && step.failure.is_none() && step.tls.is_none() && step.within.is_none()
    };
    let fits = only.filter(is_status);
    if fits.is_none() {
        let hint = Some("write one exchange, and at most `expect: { status: 201 }`".to_owned());
        found.value(at, "bad-load", "of the requests of a load only the status is looked at", hint);
    }
    fits
}

fn longest(written: Option<&str>, rate: u32, at: &str, found: &mut Findings<'_>) -> Option<Duration> {
    let most = Duration::from_secs(MOST / u64::from(rate)).min(LONGEST);
    let Some(text) = written else { return Some(most) };
    let wanted = duration(text, at, found)?;
    if wanted > most {
        let hint = Some(format!("at {rate}/s at most {} s", most.as_secs()));
        found.value(at, "bad-load", format!("`{text}` is longer than a load may be"), hint);
        return None;
    }
    Some(wanted)
}
