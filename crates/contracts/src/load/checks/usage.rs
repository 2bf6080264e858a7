//! `usage:`: memory in use.

use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::expectation::string;
use crate::load::findings::Findings;
use crate::load::scalars::object;
use crate::model::{Check, Expectation, Operator, UsageCheck, UsageOf};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "usage",
    about: "Memory in use by a workload, the namespace or the node.",
    is_static: false,
    schema: schema_of::<UsageFile>,
    parse,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UsageFile {
    /// A workload, `namespace`, or `node`.
    of: String,
    /// The limit: "< 1GB", "< 80% of limit".
    memory: String,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let file: UsageFile = read(value, at, found)?;
    let of = match file.of.as_str() {
        "namespace" => Some(UsageOf::Namespace),
        "node" => Some(UsageOf::Node),
        text => object(text, &child(at, "of"), found).map(UsageOf::Workload),
    };
    let memory = memory(&file.memory, &child(at, "memory"), found);
    Some(Check::Usage(UsageCheck { of: of?, memory: memory? }))
}

fn memory(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Expectation> {
    match string(text, at, found)? {
        Expectation::Compare(comparison)
            if matches!(
                comparison.operator,
                Operator::Less | Operator::AtMost | Operator::Greater | Operator::AtLeast
            ) =>
        {
            Some(Expectation::Compare(comparison))
        }
        _ => {
            let hint = Some("write a limit: \"< 1GB\" or \"< 80% of limit\"".to_owned());
            found.value(at, "bad-quantity", format!("`{text}` is no limit"), hint);
            None
        }
    }
}
