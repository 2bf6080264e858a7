//! `dns`: each name of a Service resolves, and each address answers.

use super::{Judged, failure_text, took};
use crate::model::Target;
use seatrial_observation::{DnsAnswer, ProbeAnswer, ProbeOutcome};

pub(super) fn look(targets: &[Target], outcomes: &[ProbeOutcome]) -> Judged {
    if targets.is_empty() || outcomes.len() < targets.len() {
        return Judged::unseen("not every name was asked for");
    }
    let mut broken = Vec::new();
    let mut measured = Vec::new();
    for (target, outcome) in targets.iter().zip(outcomes) {
        match &outcome.result {
            Ok(ProbeAnswer::Dns { names }) if !names.is_empty() => broken.extend(names.iter().flat_map(problems)),
            Ok(_) => return Judged::unseen(format!("dns {target}: no name was asked for")),
            Err(failure) => broken.push(format!("dns {target}: expected an address, seen {}", failure_text(failure))),
        }
        measured.push(took("names answered", outcome));
    }
    Judged { measured, ..Judged::of(&broken) }
}

fn problems(answer: &DnsAnswer) -> Vec<String> {
    let name = &answer.name;
    match &answer.addresses {
        Err(error) => vec![format!("{name}: expected an address, seen {error}")],
        Ok(addresses) if addresses.is_empty() => vec![format!("{name}: expected an address, seen none")],
        Ok(_) => {
            let refused = answer.connected.iter().filter_map(|(address, error)| Some((address, error.as_ref()?)));
            refused.map(|(address, error)| format!("{name} ({address}): expected a connection, seen {error}")).collect()
        }
    }
}
