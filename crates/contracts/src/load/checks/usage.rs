//! `usage:`: memory and CPU in use.

use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::expectation::string;
use crate::load::findings::Findings;
use crate::load::scalars::object;
use crate::model::{Check, Expectation, Operator, UsageCheck, UsageOf};
use crate::units;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "usage",
    about: "Memory and CPU in use by a workload, the namespace or the node.",
    is_static: false,
    schema: schema_of::<UsageFile>,
    parse,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UsageFile {
    /// A workload (each of its containers by itself), `namespace`, or `node`.
    of: String,
    /// The limit of the working set: "< 1GB", "< 80% of limit".
    memory: Option<String>,
    /// The limit of CPU, as the mean of 5 s: "< 200m", "< 1.5", "< 80% of limit".
    cpu: Option<String>,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let file: UsageFile = read(value, at, found)?;
    if file.memory.is_none() && file.cpu.is_none() {
        let hint = Some("write memory, cpu, or both".to_owned());
        found.value(at, "empty-expectation", "this asserts nothing about what is in use", hint);
        return None;
    }
    let of = match file.of.as_str() {
        "namespace" => Some(UsageOf::Namespace),
        "node" => Some(UsageOf::Node),
        text => object(text, &child(at, "of"), found).map(UsageOf::Workload),
    };
    let memory = limit(file.memory, &child(at, "memory"), "\"< 1GB\"", found);
    let cpu = limit(file.cpu, &child(at, "cpu"), "\"< 200m\"", found);
    Some(Check::Usage(UsageCheck { of: of?, memory: memory?, cpu: cpu? }))
}

#[expect(
    clippy::option_option,
    reason = "the outer one says whether it could be read, the inner one whether it is there"
)]
fn limit(text: Option<String>, at: &str, example: &str, found: &mut Findings<'_>) -> Option<Option<Expectation>> {
    let Some(text) = text else { return Some(None) };
    match string(&text, at, found)? {
        Expectation::Compare(comparison) if is_ordering(comparison.operator) && is_amount(&comparison.operand) => {
            Some(Some(Expectation::Compare(comparison)))
        }
        _ => {
            let hint = Some(format!("write a limit: {example} or \"< 80% of limit\""));
            found.value(at, "bad-quantity", format!("`{text}` is no limit"), hint);
            None
        }
    }
}

fn is_ordering(operator: Operator) -> bool {
    matches!(operator, Operator::Less | Operator::AtMost | Operator::Greater | Operator::AtLeast)
}

fn is_amount(operand: &str) -> bool {
    match operand.split_once('%') {
        Some((percent, of)) => percent.trim().parse::<f64>().is_ok() && of.trim() == "of limit",
        None => units::quantity(operand.trim()).is_some(),
    }
}
