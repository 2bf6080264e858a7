//! `restarts: { deploy/registry: 0 }`: restart counts of containers.

use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, schema_of};
use crate::load::expectation::expectation;
use crate::load::findings::Findings;
use crate::load::scalars::target_key;
use crate::model::Check;
use indexmap::IndexMap;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "restarts",
    about: "Restart counts of a workload's containers: target → expectation.",
    is_static: false,
    schema: schema_of::<IndexMap<String, Value>>,
    parse,
};

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let entries = value.as_object().filter(|entries| !entries.is_empty());
    let Some(entries) = entries else {
        found.value(at, "empty-expectation", "an empty map asserts nothing", None);
        return None;
    };
    let mut parsed = Vec::new();
    for (text, value) in entries {
        let at = child(at, text);
        let target = target_key(text, &at, found);
        parsed.push(target.zip(expectation(value, &at, found)));
    }
    parsed.into_iter().collect::<Option<Vec<_>>>().map(Check::Restarts)
}
