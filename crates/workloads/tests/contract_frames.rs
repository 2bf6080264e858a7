//! The frames of Strato's contract, which the generic probe sends and expects, are those of the types that both programs
//! share: what is sent can be read as one of them, and what is expected names only fields that they have.

use serde_json::{Map, Value};
use std::path::Path;
use workloads::frames::{
    Amount, Body, Frame, Heartbeat, HeartbeatAck, Refusal, Register, RegisterResponse, Resources, Unregister,
};

/// The contract, from this repository.
fn contract() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/strato/contract.yaml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_yaml::from_str(&text).expect("YAML")
}

/// All `send` and `expect` steps of talks; a text that is sent on purpose as no frame is left out.
fn steps<'a>(value: &'a Value, found: &mut Vec<(&'static str, &'a Map<String, Value>)>) {
    match value {
        Value::Object(fields) => {
            if let Some(talk) = fields.get("talk").and_then(Value::as_array) {
                for step in talk {
                    let of = |key: &'static str| Some((key, step.get(key)?.as_object()?));
                    found.extend([of("send"), of("expect")].into_iter().flatten());
                }
            }
            fields.values().for_each(|value| steps(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| steps(item, found)),
        _ => {}
    }
}

/// A frame of each type with all its fields.
fn samples() -> Vec<Value> {
    let some = || Some("x".to_owned());
    let register = Register {
        agent_id: "x".to_owned(),
        hostname: some(),
        version: some(),
        mode: some(),
        capabilities: vec!["x".to_owned()],
        resources: Some(Resources { cpu: Amount::default(), ..Resources::default() }),
        heartbeat_seconds: Some(5),
    };
    let bodies = [
        Body::Register(register),
        Body::RegisterResponse(RegisterResponse { heartbeat_seconds: 5, ..RegisterResponse::default() }),
        Body::Heartbeat(Heartbeat { agent_id: some() }),
        Body::HeartbeatAck(HeartbeatAck::default()),
        Body::Unregister(Unregister { agent_id: some() }),
        Body::Error(Refusal::default()),
    ];
    let frame = |body| serde_json::to_value(Frame::now("x".to_owned(), body)).expect("JSON");
    bodies.into_iter().map(frame).collect()
}

/// What the contract looks up later (`$(…)`) is taken from the sample: its kind, not its value, is in question.
fn filled(step: &Map<String, Value>, sample: &Value) -> Value {
    let is_reference = |value: &Value| value.as_str().is_some_and(|text| text.starts_with("$(") && text.ends_with(')'));
    let fill = |(key, value): (&String, &Value)| {
        let value = if is_reference(value) { sample.get(key).unwrap_or(value) } else { value };
        (key.clone(), value.clone())
    };
    Value::Object(step.iter().map(fill).collect())
}

/// What is wrong with a step.
fn mistake(kind: &str, step: &Map<String, Value>) -> Option<String> {
    let samples = samples();
    let sample = samples.iter().find(|sample| step.get("type") == sample.get("type"));
    let Some(sample) = sample else {
        // An expectation may be about the request alone; whatever is sent has a type.
        let known = |key: &String| samples.iter().any(|sample| sample.get(key).is_some());
        let is_partial = kind == "expect" && !step.contains_key("type") && step.keys().all(known);
        return (!is_partial).then(|| "no such type of frame".to_owned());
    };
    let unknown = step.keys().find(|key| sample.get(key.as_str()).is_none());
    if let Some(unknown) = unknown {
        return Some(format!("no field `{unknown}`"));
    }
    let read = Frame::read(&filled(step, sample).to_string());
    read.err().filter(|_| kind == "send").map(|unreadable| unreadable.refusal.error)
}

#[test]
fn every_frame_of_the_contract_is_one_of_ours() {
    let contract = contract();
    let mut found = Vec::new();
    steps(&contract, &mut found);
    let sent = found.iter().filter(|(kind, _)| *kind == "send").count();
    assert!(sent >= 2 && found.len() - sent >= 2, "{sent} frames sent of {} in talks", found.len());
    let mistakes = found.iter().filter_map(|(kind, step)| {
        let mistake = mistake(kind, step)?;
        Some(format!("{kind} {}: {mistake}", Value::Object((*step).clone())))
    });
    assert_eq!(mistakes.collect::<Vec<_>>(), Vec::<String>::new());
}

#[track_caller]
fn check(kind: &str, step: &str, expected: Option<&str>) {
    let step: Value = serde_yaml::from_str(step).expect("YAML");
    assert_eq!(mistake(kind, step.as_object().expect("a map")).as_deref(), expected, "{step}");
}

#[test]
fn a_frame_that_is_none_of_ours_is_found() {
    check("send", "{ type: register, requestId: $(run.id), agentId: a, heartbeatSeconds: $(each.s) }", None);
    check("expect", "{ type: register_response, name: present, heartbeatSeconds: '<= 5' }", None);
    check("expect", "{ requestId: r1 }", None);
    check("send", "{ type: greet, requestId: r1 }", Some("no such type of frame"));
    check("send", "{ requestId: r1 }", Some("no such type of frame"));
    check("send", "{ type: heartbeat, requestId: r1, agent: a }", Some("no field `agent`"));
    check("send", "{ type: heartbeat, agentId: a }", Some("requestId is missing"));
    check("expect", "{ type: heartbeat_ack, session: s }", Some("no field `session`"));
    check("expect", "{ welcome: present }", Some("no such type of frame"));
}
