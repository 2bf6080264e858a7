//! `usage`: the working set and the CPU against their limits.

use super::{Judged, Outcome};
use crate::judge::expect;
use crate::model::{Comparison, Expectation, Measured, Operator, UsageCheck, UsageOf};
use seatrial_observation::Usage;

/// One thing that is used: how it is read, told and compared.
struct Resource {
    /// `memory`
    name: &'static str,
    /// `working set`
    what: &'static str,
    unit: &'static str,
    value: fn(&Usage) -> Option<f64>,
    limit: fn(&Usage) -> Option<f64>,
    told: fn(f64) -> String,
}

const MEMORY: Resource = Resource {
    name: "memory",
    what: "working set",
    unit: "B",
    value: |used| Some(used.working_set_bytes as f64),
    limit: |used| used.limit_bytes.map(|limit| limit as f64),
    told: |bytes| format!("{:.1} MB", bytes / 1e6),
};

const CPU: Resource = Resource {
    name: "cpu",
    what: "cpu",
    unit: "cores",
    value: |used| used.cpu_nanocores.map(cores),
    limit: |used| used.cpu_limit_nanocores.map(cores),
    told: |cores| format!("{:.0}m", cores * 1e3),
};

fn cores(nano: u64) -> f64 {
    nano as f64 / 1e9
}

pub(super) fn look(check: &UsageCheck, used: &[Usage]) -> Judged {
    if used.is_empty() {
        return Judged::unseen("nothing in use was seen");
    }
    let mut all = Judged::from(Outcome::Holds);
    let mut broken = Vec::new();
    let promises = [(MEMORY, &check.memory), (CPU, &check.cpu)];
    for one in things(check, used) {
        for (resource, promise) in &promises {
            let Some(Expectation::Compare(promise)) = promise else { continue };
            match compared(resource, promise, &one) {
                Ok((mismatch, measured)) => {
                    broken.extend(mismatch);
                    all.measured.push(measured);
                }
                Err(message) => return Judged::unseen(message),
            }
        }
    }
    if all.measured.is_empty() {
        return Judged::unseen("nothing is promised about what is in use");
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
    let first = used.first();
    vec![Usage {
        of: of.to_owned(),
        working_set_bytes: used.iter().fold(0, |sum: u64, one| sum.saturating_add(one.working_set_bytes)),
        limit_bytes: first.and_then(|u| u.limit_bytes),
        // One of which it is not known leaves the sum unknown.
        cpu_nanocores: used.iter().map(|u| u.cpu_nanocores).sum(),
        cpu_limit_nanocores: first.and_then(|u| u.cpu_limit_nanocores),
    }]
}

/// The mismatch, if there is one, and the value; else why it can't be compared.
fn compared(resource: &Resource, promise: &Comparison, one: &Usage) -> Result<(Option<String>, Measured), String> {
    let what = format!("{} of {}", resource.name, one.of);
    let value = (resource.value)(one).ok_or_else(|| format!("{what} was not seen"))?;
    let limit = limit(resource, &promise.operand, one)?;
    let (sign, holds) = match promise.operator {
        Operator::Less => ("<", value < limit),
        Operator::AtMost => ("<=", value <= limit),
        Operator::Greater => (">", value > limit),
        Operator::AtLeast => (">=", value >= limit),
        Operator::Not | Operator::Matches | Operator::Literal => return Err(format!("{what}: not to be compared")),
    };
    let mismatch =
        (!holds).then(|| format!("{what}: expected {sign} {}, seen {}", promise.operand, (resource.told)(value)));
    let what = format!("{} of {}", resource.what, one.of);
    Ok((mismatch, Measured { what, value, limit: Some(limit), unit: resource.unit.to_owned(), n: 1 }))
}

/// The limit that a comparison names, `80% of limit` looked up.
fn limit(resource: &Resource, operand: &str, one: &Usage) -> Result<f64, String> {
    let Some((percent, _)) = operand.split_once('%') else {
        return expect::quantity(operand).ok_or_else(|| format!("`{operand}` is no amount of {}", resource.name));
    };
    let share: f64 = percent.trim().parse().map_err(|_| format!("`{operand}` is no share of the limit"))?;
    let limit =
        (resource.limit)(one).ok_or_else(|| format!("{} has no {} limit to compare with", one.of, resource.name))?;
    Ok(limit * share / 100.0)
}
