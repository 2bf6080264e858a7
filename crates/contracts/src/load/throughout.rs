//! `throughout` and `heals`: what is seen while an event goes on, and after it was undone.

use super::findings::Findings;
use super::scalars::duration;
use crate::diagnostic::child;
use crate::model::{Check, Clause, Phase, ReadyOf, Within};
use serde_json::Value;

/// Circumstances that mean nothing beside `throughout`.
const BESIDE: [&str; 5] = ["then", "within", "for", "repeat", "latency"];

/// `heals: 30s`: what `when` did is undone, and within this time all that was ready is ready again.
pub(super) fn heals(text: &str, found: &mut Findings<'_>) -> Option<Phase> {
    let within = Within { limit: duration(text, "/heals", found)?, is_of_ready: false, than: None };
    Some(Phase { within: Some(within), heals: true, ..Phase::of(Check::Ready(ReadyOf::Release)) })
}

/// Whether `throughout` and `heals` stand beside what gives them a meaning.
pub(super) fn is_watchable(tree: &Value, clause: &Clause, found: &mut Findings<'_>) -> bool {
    has_event(clause, found) && (!is_throughout(clause) || (is_alone(tree, found) && is_looked_at(clause, found)))
}

fn is_throughout(clause: &Clause) -> bool {
    clause.then.iter().any(|phase| phase.throughout)
}

fn has_event(clause: &Clause, found: &mut Findings<'_>) -> bool {
    if clause.then.iter().any(|phase| matches!(phase.check, Check::Rendered(_) | Check::Objects(_) | Check::Refuses(_)))
    {
        // It has no meaning there at all, and that is told.
        return true;
    }
    let heals = clause.then.iter().any(|phase| phase.heals);
    let words = [("throughout", is_throughout(clause)), ("heals", heals)];
    let mut is_good = true;
    for (word, _) in words.iter().filter(|(_, is_there)| *is_there && clause.when.is_empty()) {
        let hint = Some("add a `when`".to_owned());
        found.key(&child("", word), "no-event", format!("`{word}` is about an event"), hint);
        is_good = false;
    }
    is_good
}

fn is_alone(tree: &Value, found: &mut Findings<'_>) -> bool {
    let beside: Vec<&&str> = BESIDE.iter().filter(|key| tree.get(**key).is_some()).collect();
    for key in &beside {
        let hint = Some("what holds throughout is looked at from before the event until 5 s after it".to_owned());
        found.key(&child("", key), "misplaced-key", format!("`{key}` beside `throughout`"), hint);
    }
    beside.is_empty()
}

fn is_looked_at(clause: &Clause, found: &mut Findings<'_>) -> bool {
    let is_state = |phase: &Phase| matches!(phase.check, Check::Ready(_) | Check::Leaves(_) | Check::Holds(_));
    let is_good = !clause.then.iter().any(|phase| !phase.heals && is_state(phase));
    if !is_good {
        let hint = Some("write a probe: http, tcp, dns, registry".to_owned());
        found.key("/throughout", "misplaced-key", "`throughout` has no meaning for this check", hint);
    }
    is_good
}
