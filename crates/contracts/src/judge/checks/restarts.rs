//! `restarts`: how often the containers of a workload's pods started again; `unchanged` compares the pods, too.

use super::Judged;
use crate::judge::expect;
use crate::model::{Expectation, Measured, Target};
use seatrial_observation::Found;
use serde_json::{Value, json};

pub(super) fn look(expected: &[(Target, Expectation)], found: &[Found], before: &[Found]) -> Judged {
    if expected.is_empty() || found.len() < expected.len() {
        return Judged::unseen("the pods of not every workload were looked for");
    }
    let (mut broken, mut containers, mut most) = (Vec::new(), 0, 0);
    for (index, (target, expectation)) in expected.iter().enumerate() {
        let counts = counts(&found[index].objects);
        if counts.is_empty() {
            return Judged::unseen(format!("{target}: no container of it was seen"));
        }
        containers += counts.len() as u64;
        most = most.max(counts.iter().map(|c| c.restarts).max().unwrap_or(0));
        broken.extend(match expectation {
            Expectation::Unchanged => changes(target, &counts, before.get(index)),
            other => counts.iter().flat_map(|c| c.mismatches(other)).collect(),
        });
    }
    let limit = limit(expected);
    Judged::of(&broken).with(Measured {
        what: "restarts".to_owned(),
        value: most as f64,
        limit,
        unit: String::new(),
        n: containers,
    })
}

fn limit(expected: &[(Target, Expectation)]) -> Option<f64> {
    match expected {
        [(_, Expectation::Equal(Value::Number(number)))] => number.as_f64(),
        _ => None,
    }
}

#[derive(PartialEq, Eq)]
struct Count {
    container: String,
    pod_uid: String,
    restarts: u64,
}

impl Count {
    fn mismatches(&self, expected: &Expectation) -> Vec<String> {
        let found = expect::check(expected, Some(&json!(self.restarts)), None);
        found.iter().map(|mismatch| format!("restarts of {}: {mismatch}", self.container)).collect()
    }
}

/// One entry a container; pods of Jobs end and start by themselves.
fn counts(pods: &[Value]) -> Vec<Count> {
    pods.iter().filter(|pod| !is_of_job(pod)).flat_map(of_pod).collect()
}

fn is_of_job(pod: &Value) -> bool {
    let owners = pod.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.into_iter().flatten().any(|owner| owner["kind"] == "Job")
}

fn of_pod(pod: &Value) -> Vec<Count> {
    let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap_or("").to_owned();
    let list = |key: &str| pod.pointer(&format!("/status/{key}")).and_then(Value::as_array).cloned();
    let all = ["containerStatuses", "initContainerStatuses"].into_iter().filter_map(list).flatten();
    all.filter_map(|status| {
        let container = format!("pod/{} container/{}", text("/metadata/name"), status["name"].as_str()?);
        Some(Count { container, pod_uid: text("/metadata/uid"), restarts: status["restartCount"].as_u64()? })
    })
    .collect()
}

fn changes(target: &Target, now: &[Count], before: Option<&Found>) -> Vec<String> {
    let before = before.map(|found| counts(&found.objects)).unwrap_or_default();
    if before.is_empty() {
        return vec![format!("{target}: expected unchanged, but nothing was seen before")];
    }
    let gone = before.iter().filter(|b| !now.contains(b));
    let lost = gone.map(|b| {
        format!("{}: expected to run on with {} restarts, seen replaced or restarted", b.container, b.restarts)
    });
    let new = now.iter().filter(|c| !before.iter().any(|b| b.container == c.container));
    let new = new.map(|c| format!("{}: expected none but the pods from before, seen a new one", c.container));
    lost.chain(new).collect()
}
