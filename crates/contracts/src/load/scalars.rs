//! Small values with a grammar of their own: targets, durations, paths, numbers that may be references.

use super::findings::Findings;
use crate::diagnostic::child;
use crate::model::{ObjectPath, PathStep, Target};
use crate::units;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// A whole number, or a reference to one (`$(values.replicas)`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Number {
    Is(u64),
    Reference(#[schemars(regex(pattern = r"^\$\(.+\)$"))] String),
}

impl Number {
    pub(crate) fn get(&self, at: &str, found: &mut Findings<'_>) -> Option<u64> {
        match self {
            Self::Is(number) => Some(*number),
            Self::Reference(text) => {
                found.value(at, "wrong-type", format!("`{text}` is no whole number"), None);
                None
            }
        }
    }
}

pub(crate) fn target(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Target> {
    match text.parse() {
        Ok(target) => Some(target),
        Err(error) => {
            found.value(at, "bad-target", format!("{error}"), None);
            None
        }
    }
}

/// A target that is the key of a map.
pub(crate) fn target_key(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Target> {
    found.of_key(|found| object(text, at, found))
}

/// A target that can be connected to: a Service port, a pod's port, a host port, or what an Ingress publishes.
pub(crate) fn address(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Target> {
    let target = target(text, at, found)?;
    if let Target::Object { .. } = target {
        let hint =
            Some("write svc/NAME:PORT/path, deploy/NAME:PORT/path, host:PORT/path or ingress/NAME/path".to_owned());
        found.value(at, "bad-target", format!("`{text}` can't be connected to"), hint);
        return None;
    }
    Some(target)
}

/// An object: KIND/NAME, no port and no path.
pub(crate) fn object(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Target> {
    let target = target(text, at, found)?;
    match target {
        Target::Object { .. } => Some(target),
        Target::Service { port: None, ref path, .. } if path.is_empty() => Some(target),
        _ => {
            let hint = Some("write KIND/NAME, without a port or a path".to_owned());
            found.value(at, "bad-target", format!("`{text}` names no object"), hint);
            None
        }
    }
}

pub(crate) fn duration(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Duration> {
    let duration = units::duration(text).filter(|duration| !duration.is_zero());
    if duration.is_none() {
        let hint = match text.trim().parse::<f64>() {
            Ok(_) => format!("a duration has a unit: did you mean `{}s`?", text.trim()),
            Err(_) => "durations are written 200ms, 5s, 2m, 1h or 1m30s".to_owned(),
        };
        found.value(at, "bad-duration", format!("`{text}` is no duration"), Some(hint));
    }
    duration
}

pub(crate) fn path(text: &str, at: &str, found: &mut Findings<'_>) -> Option<ObjectPath> {
    let steps: Vec<PathStep> = text.split('.').map(step).collect();
    if steps.contains(&PathStep::Key(String::new())) {
        let hint = Some("a path is keys with dots between them: spec.replicas, containers.*.image".to_owned());
        found.key(at, "bad-path", format!("`{text}` is no path"), hint);
        return None;
    }
    Some(ObjectPath(steps))
}

fn step(text: &str) -> PathStep {
    if text == "*" { PathStep::All } else { PathStep::Key(text.to_owned()) }
}

/// Items by which the single values of one place may make lists longer, all together.
const MOST_FILLED: usize = 1_000_000;

/// Keys of values are written in Helm's own `--set` syntax.
pub(crate) fn set_keys<'k>(keys: impl Iterator<Item = &'k String> + Clone, at: &str, found: &mut Findings<'_>) {
    if crate::bind::filled(keys.clone()) > MOST_FILLED {
        let message = format!("these keys make lists of more than {MOST_FILLED} items");
        found.value(at, "too-large", message, None);
    }
    for key in keys.filter(|key| !crate::bind::is_set_key(key)) {
        let hint = Some("keys are written as for helm --set: a.b[0].c".to_owned());
        found.key(&child(at, key), "bad-key", format!("`{key}` is no key of values"), hint);
    }
}
