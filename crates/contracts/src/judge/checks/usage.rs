//! `usage`: the working set against its limit.

use super::{Judged, Outcome};
use crate::judge::expect;
use crate::model::{Comparison, Expectation, Measured, Operator, UsageCheck, UsageOf};
use seatrial_observation::Usage;
use serde_json::{Value, json};

pub(super) fn look(check: &UsageCheck, used: &[Usage]) -> Judged {
    if used.is_empty() {
        return Judged::unseen("no memory in use was seen");
    }
    let mut all = Judged::from(Outcome::Holds);
    let mut broken = Vec::new();
    for one in things(check, used) {
        let limit = match limit(&check.memory, &one) {
            Ok(limit) => limit,
            Err(message) => return Judged::unseen(message),
        };
        broken.extend(mismatch(&check.memory, limit, &one));
        all.measured.push(measured(&one, limit));
    }
    Judged { measured: all.measured, ..Judged::of(&broken) }
}

/// A workload's containers each by themselves; a namespace or a node as a whole.
fn things(check: &UsageCheck, used: &[Usage]) -> Vec<Usage> {
    let of = match &check.of {
        UsageOf::Workload(_) => return used.to_vec(),
        UsageOf::Namespace => "namespace",
        UsageOf::Node => "node",
    };
    let working_set_bytes = used.iter().fold(0, |sum: u64, one| sum.saturating_add(one.working_set_bytes));
    vec![Usage { of: of.to_owned(), working_set_bytes, limit_bytes: used.first().and_then(|u| u.limit_bytes) }]
}

/// The limit in bytes that a comparison names, `80% of limit` looked up.
fn limit(expected: &Expectation, one: &Usage) -> Result<Option<f64>, String> {
    let Expectation::Compare(Comparison { operand, .. }) = expected else { return Ok(None) };
    let Some((percent, _)) = operand.split_once('%') else { return Ok(expect::quantity(operand)) };
    let share: f64 = percent.trim().parse().map_err(|_| format!("`{operand}` is no share of the limit"))?;
    let limit = one.limit_bytes.ok_or_else(|| format!("{} has no memory limit to compare with", one.of))?;
    Ok(Some(limit as f64 * share / 100.0))
}

fn mismatch(expected: &Expectation, limit: Option<f64>, one: &Usage) -> Option<String> {
    let value = one.working_set_bytes as f64;
    let what = format!("memory of {}", one.of);
    let (Expectation::Compare(comparison), Some(limit)) = (expected, limit) else {
        let bytes: Value = json!(one.working_set_bytes);
        return expect::check(expected, Some(&bytes), None).first().map(|m| format!("{what}: {m}"));
    };
    let (sign, holds) = match comparison.operator {
        Operator::Less => ("<", value < limit),
        Operator::AtMost => ("<=", value <= limit),
        Operator::Greater => (">", value > limit),
        Operator::AtLeast => (">=", value >= limit),
        Operator::Not | Operator::Matches | Operator::Literal => return Some(format!("{what}: not to be compared")),
    };
    (!holds).then(|| format!("{what}: expected {sign} {}, seen {:.1} MB", comparison.operand, value / 1e6))
}

fn measured(one: &Usage, limit: Option<f64>) -> Measured {
    Measured {
        what: format!("working set of {}", one.of),
        value: one.working_set_bytes as f64,
        limit,
        unit: "B".to_owned(),
        n: 1,
    }
}
