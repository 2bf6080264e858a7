//! Events of `when`: a word, or one event and what it happens to. A new event is a field of `EventMap` and an arm here.

use super::clause_file::{DeletePodFile, EventFile, EventMap, FromFile, GracedFile};
use super::findings::Findings;
use super::load_file::load;
use super::scalars::{Number, address, object, set_keys};
use crate::diagnostic::{child, hint};
use crate::model::{Event, Kind, Name, Target};
use crate::units;
use indexmap::IndexMap;
use serde_json::Value;

/// The events that are a word alone.
const WORDS: [&str; 5] = ["reinstall", "uninstall", "upgrade", "rollback", "restartNode"];
/// Signals that a process can be sent.
const SIGNALS: [&str; 12] =
    ["KILL", "TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "ABRT", "SEGV", "STOP", "CONT", "WINCH"];

pub(super) fn event(file: EventFile, at: &str, found: &mut Findings<'_>) -> Option<Event> {
    match file {
        EventFile::Word(word) => event_word(&word, at, found),
        EventFile::Event(map) => event_map(*map, at, found),
    }
}

fn event_word(word: &str, at: &str, found: &mut Findings<'_>) -> Option<Event> {
    match word {
        "reinstall" => Some(Event::Reinstall),
        "uninstall" => Some(Event::Uninstall),
        "upgrade" => Some(Event::Upgrade { set: IndexMap::new() }),
        "rollback" => Some(Event::Rollback),
        "restartNode" => Some(Event::RestartNode),
        "deletePod" | "restart" | "scale" | "drain" | "signal" | "stop" | "cut" | "patch" | "apply" | "delete"
        | "load" => {
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
    if let Some(file) = map.delete_pod {
        events.push(("deletePod", delete_pod(file, &child(at, "deletePod"), found)));
    }
    if let Some(text) = map.restart {
        events.push(("restart", workload(&text, &child(at, "restart"), &[], found).map(Event::Restart)));
    }
    if let Some(replicas) = map.scale {
        events.push(("scale", scale(replicas, &child(at, "scale"), found)));
    }
    if let Some(text) = map.drain {
        events.push(("drain", workload(&text, &child(at, "drain"), &[], found).map(Event::Drain)));
    }
    if let Some(signals) = map.signal {
        events.push(("signal", signal(signals, &child(at, "signal"), found)));
    }
    if let Some(text) = map.stop {
        events.push(("stop", stop(&text, &child(at, "stop"), found)));
    }
    if let Some(lines) = map.cut {
        events.push(("cut", cut(&lines, &child(at, "cut"), found)));
    }
    if let Some(patches) = map.patch {
        events.push(("patch", patch(patches, &child(at, "patch"), found)));
    }
    if let Some(files) = map.apply {
        events.push(("apply", apply(files.at(&child(at, "apply")), found)));
    }
    if let Some(text) = map.delete {
        events.push(("delete", object(&text, &child(at, "delete"), found).map(Event::Delete)));
    }
    if let Some(upgrade) = map.upgrade {
        set_keys(upgrade.set.keys(), &child(&child(at, "upgrade"), "set"), found);
        let event = match upgrade.from {
            Some(FromFile::LastRelease) => Event::UpgradeFromLast(upgrade.set),
            None => Event::Upgrade { set: upgrade.set },
        };
        events.push(("upgrade", Some(event)));
    }
    if let Some(file) = map.load {
        events.push(("load", load(&file, &child(at, "load"), found)));
    }
    match events.len() {
        1 => events.pop()?.1,
        0 => {
            let hint =
                Some("write deletePod, restart, scale, drain, signal, stop, cut, patch, apply, delete, load or upgrade, or one of the words reinstall, uninstall, rollback, restartNode".into());
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

fn delete_pod(file: DeletePodFile, at: &str, found: &mut Findings<'_>) -> Option<Event> {
    const MORE: [&str; 3] = ["Job", "Pod", "ReplicaSet"];
    let GracedFile { of, grace } = match file {
        DeletePodFile::Target(text) => return workload(&text, at, &MORE, found).map(Event::DeletePod),
        DeletePodFile::Graced(file) => file,
    };
    let of = workload(&of, &child(at, "of"), &MORE, found);
    let whole = units::duration(&grace).filter(|time| time.subsec_nanos() == 0);
    if whole.is_none() {
        let hint = Some("write whole seconds: 0s, 5s".to_owned());
        found.value(&child(at, "grace"), "bad-duration", format!("`{grace}` is no time to end in"), hint);
    }
    Some(Event::DeletePodIn { of: of?, grace: whole? })
}

/// A workload, and the Service port that it does not reach any more.
fn cut(lines: &IndexMap<String, String>, at: &str, found: &mut Findings<'_>) -> Option<Event> {
    let mut parsed = Some(IndexMap::new());
    for (text, to) in lines {
        let at = child(at, text);
        let from = found.of_key(|found| workload(text, &at, &[], found));
        let to = service_port(to, &at, found);
        match (from, to, &mut parsed) {
            (Some(_), Some(to), Some(parsed)) => _ = parsed.insert(text.clone(), to),
            _ => parsed = None,
        }
    }
    parsed.map(Event::Cut)
}

fn service_port(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Target> {
    let target = address(text, at, found)?;
    let is_port = matches!(&target, Target::Service { path, .. } if path.is_empty());
    if !is_port {
        let hint = Some("write svc/NAME:PORT, without a path".to_owned());
        found.value(at, "bad-target", format!("`{text}` is no port of a Service"), hint);
    }
    is_port.then_some(target)
}

/// A workload, or a container beside the cluster; that there is such a need is looked at with the needs.
fn stop(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Event> {
    match text.strip_prefix("needs/") {
        Some(need) => Some(Event::StopNeed(need.to_owned())),
        None => workload(text, at, &[], found).map(Event::Stop),
    }
}

fn signal(signals: IndexMap<String, String>, at: &str, found: &mut Findings<'_>) -> Option<Event> {
    let mut parsed = Some(IndexMap::new());
    for (text, name) in signals {
        let at = child(at, &text);
        let target = found.of_key(|found| workload(&text, &at, &["Pod"], found));
        let signal = name.strip_prefix("SIG").unwrap_or(&name).to_owned();
        let is_known = SIGNALS.contains(&signal.as_str());
        if !is_known {
            let hint = hint(&signal, SIGNALS);
            found.value(&at, "bad-value", format!("`{name}` is no signal"), hint);
        }
        match (target, is_known, &mut parsed) {
            (Some(_), true, Some(parsed)) => _ = parsed.insert(text, signal),
            _ => parsed = None,
        }
    }
    parsed.map(Event::Signal)
}

/// One object by its name, and at least one field.
fn patch(patches: IndexMap<String, Value>, at: &str, found: &mut Findings<'_>) -> Option<Event> {
    let mut is_good = true;
    for (text, fields) in &patches {
        let at = child(at, text);
        let target = found.of_key(|found| object(text, &at, found));
        let is_one = matches!(
            target,
            Some(Target::Object { name: Name::Is(_), .. } | Target::Service { name: Name::Is(_), .. })
        );
        if target.is_some() && !is_one {
            found.key(&at, "bad-target", format!("`{text}` is not one object by its name"), None);
        }
        let has_fields = fields.as_object().is_some_and(|fields| !fields.is_empty());
        if !has_fields {
            found.value(&at, "empty-expectation", "an empty map changes nothing", None);
        }
        is_good &= is_one && has_fields;
    }
    is_good.then_some(Event::Patch(patches))
}

/// Files of the chart, by their path in it.
pub(super) fn apply(files: Vec<(String, String)>, found: &mut Findings<'_>) -> Option<Event> {
    let mut is_good = true;
    for (at, file) in &files {
        let is_inside = !file.is_empty() && !file.starts_with('/') && !file.split('/').any(|part| part == "..");
        if !is_inside {
            let hint = Some("write a path below the chart's folder".to_owned());
            found.value(at, "bad-path", format!("`{file}` is no file of the chart"), hint);
        }
        is_good &= is_inside;
    }
    is_good.then(|| Event::Apply(files.into_iter().map(|(_, file)| file).collect()))
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
