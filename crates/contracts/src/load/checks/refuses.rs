//! `refuses:`: values that the chart must refuse, and what the refusal says.

use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::findings::Findings;
use crate::load::one_or_many::OneOrMany;
use crate::load::scalars::set_keys;
use crate::model::{Check, Refusal};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "refuses",
    about: "Values that the chart's schema must refuse, and what the refusal must say.",
    is_static: true,
    schema: schema_of::<OneOrMany<RefusalFile>>,
    parse,
};

/// Values that must be refused.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RefusalFile {
    /// The values; keys in Helm's own --set syntax, values typed.
    #[schemars(extend("minProperties" = 1))]
    set: IndexMap<String, Value>,
    /// A text that the refusal must hold.
    saying: Option<String>,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let refusals: OneOrMany<RefusalFile> = read(value, at, found)?;
    let refusals = refusals.at(at).into_iter().map(|(at, file)| {
        set_keys(file.set.keys(), &child(&at, "set"), found);
        Refusal { set: file.set, saying: file.saying }
    });
    Some(Check::Refuses(refusals.collect()))
}
