//! Events of `when`: a word, or one event and what it happens to. A new event is a field of `EventMap` and an arm here.

use super::clause_file::{EventFile, EventMap};
use super::findings::Findings;
use super::scalars::{Number, not_built, object, set_keys};
use crate::diagnostic::{child, hint};
use crate::model::{Event, Kind, Target};
use indexmap::IndexMap;

/// The events that are a word alone.
const WORDS: [&str; 3] = ["reinstall", "uninstall", "upgrade"];
/// Events of the language that this version does not have.
const LATER: [&str; 9] = ["drain", "signal", "stop", "restartNode", "load", "patch", "apply", "delete", "rollback"];

pub(super) fn event(file: EventFile, at: &str, found: &mut Findings<'_>) -> Option<Event> {
    match file {
        EventFile::Word(word) => event_word(&word, at, found),
        EventFile::Event(map) => event_map(map, at, found),
    }
}

fn event_word(word: &str, at: &str, found: &mut Findings<'_>) -> Option<Event> {
    match word {
        "reinstall" => Some(Event::Reinstall),
        "uninstall" => Some(Event::Uninstall),
        "upgrade" => Some(Event::Upgrade { set: IndexMap::new() }),
        later if LATER.contains(&later) => {
            found.value(at, "not-built-yet", not_built(&format!("the event `{later}`")), None);
            None
        }
        "deletePod" | "restart" | "scale" => {
            let hint = Some(format!("write `{{ {word}: deploy/x }}`"));
            found.value(at, "bad-event", format!("`{word}` needs to know what it happens to"), hint);
            None
        }
        other => {
            found.value(at, "bad-event", format!("`{other}` is no event"), hint(other, WORDS));
            None
        }
    }
}

fn event_map(map: EventMap, at: &str, found: &mut Findings<'_>) -> Option<Event> {
    let mut events = Vec::new();
    if let Some(text) = map.delete_pod {
        let event = workload(&text, &child(at, "deletePod"), &["Job", "Pod", "ReplicaSet"], found);
        events.push(("deletePod", event.map(Event::DeletePod)));
    }
    if let Some(text) = map.restart {
        events.push(("restart", workload(&text, &child(at, "restart"), &[], found).map(Event::Restart)));
    }
    if let Some(replicas) = map.scale {
        events.push(("scale", scale(replicas, &child(at, "scale"), found)));
    }
    if let Some(upgrade) = map.upgrade {
        set_keys(upgrade.set.keys(), &child(&child(at, "upgrade"), "set"), found);
        events.push(("upgrade", Some(Event::Upgrade { set: upgrade.set })));
    }
    match events.len() {
        1 => events.pop()?.1,
        0 => {
            let hint =
                Some("write deletePod, restart, scale or upgrade, or one of the words reinstall, uninstall".into());
            found.value(at, "bad-event", "an event that is none", hint);
            None
        }
        _ => {
            let hint = Some("several events, one after another, are a list".to_owned());
            found.key(&child(at, events[1].0), "two-events", "two events in one map", hint);
            None
        }
    }
}

fn scale(replicas: IndexMap<String, Number>, at: &str, found: &mut Findings<'_>) -> Option<Event> {
    let mut parsed = Some(IndexMap::new());
    for (text, number) in replicas {
        let at = child(at, &text);
        let target = found.of_key(|found| workload(&text, &at, &["ReplicaSet"], found));
        let count = number.get(&at, found).and_then(|count| u32::try_from(count).ok());
        match (target, count, &mut parsed) {
            (Some(_), Some(count), Some(parsed)) => _ = parsed.insert(text, count),
            _ => parsed = None,
        }
    }
    parsed.map(Event::Scale)
}

/// A workload: `Deployment`, `StatefulSet`, `DaemonSet`, or one of `more`.
fn workload(text: &str, at: &str, more: &[&str], found: &mut Findings<'_>) -> Option<Target> {
    let target = object(text, at, found)?;
    let is_workload = match &target {
        Target::Object { kind: Kind::Named(kind), .. } => {
            ["Deployment", "StatefulSet", "DaemonSet"].contains(&kind.as_str()) || more.contains(&kind.as_str())
        }
        Target::Object { kind: Kind::PodTemplates, .. } => more.contains(&"Pod"),
        _ => false,
    };
    if !is_workload {
        let hint = Some("write deploy/NAME, sts/NAME or ds/NAME".to_owned());
        found.value(at, "bad-target", format!("`{text}` is nothing that this can happen to"), hint);
        return None;
    }
    Some(target)
}
