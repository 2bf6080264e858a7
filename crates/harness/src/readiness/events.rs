//! What events say about an object.

use super::json::{number, text};
use serde_json::Value;

/// The events about one object.
pub(super) fn about<'a>(events: &'a [Value], object: &'a Value) -> impl Iterator<Item = &'a Value> {
    let uid = text(object, "/metadata/uid");
    events.iter().filter(move |event| !uid.is_empty() && text(event, "/involvedObject/uid") == uid)
}

/// How often an event was seen; the newer API counts in `series`.
pub(super) fn count(event: &Value) -> i64 {
    number(event, "/series/count", 0).max(number(event, "/count", 1)).max(1)
}

/// The newest warning about an object, as `Reason: message`.
pub(super) fn last_warning(events: &[Value], object: &Value) -> Option<String> {
    let warnings = about(events, object).filter(|event| text(event, "/type") == "Warning");
    let newest = warnings.max_by_key(|event| stamp(event).to_owned())?;
    Some(format!("{}: {}", text(newest, "/reason"), text(newest, "/message")))
}

fn stamp(event: &Value) -> &str {
    ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/firstTimestamp"]
        .into_iter()
        .map(|pointer| text(event, pointer))
        .find(|stamp| !stamp.is_empty())
        .unwrap_or_default()
}

/// The message by which admission or a quota refused an object's children, if one did.
pub(super) fn refusal<'a>(events: &'a [Value], object: &'a Value) -> Option<&'a str> {
    about(events, object)
        .filter(|event| text(event, "/reason") == "FailedCreate")
        .map(|event| text(event, "/message"))
        .find(|message| is_refusal(message))
}

/// Whether a message of a failed creation is a refusal, not a hiccup (a service account that is still being made).
pub(super) fn is_refusal(message: &str) -> bool {
    let is_young_account = message.contains("error looking up service account") && message.contains("/default:");
    let words =
        ["forbidden", "exceeded quota", "violates PodSecurity", "denied the request", "is invalid", "not found"];
    !is_young_account && words.iter().any(|word| message.contains(word))
}
