//! `same: [dev, prod]`: environments that differ in values only.

use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::findings::Findings;
use crate::model::Check;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "same",
    about: "These environments render the same objects with the same fields: only values differ.",
    is_static: true,
    schema: schema_of::<Vec<String>>,
    parse,
};

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let names: Vec<String> = read(value, at, found)?;
    if names.len() < 2 {
        let hint = Some("write two environments or more".to_owned());
        found.value(at, "empty-expectation", "one environment is always the same as itself", hint);
        return None;
    }
    Some(Check::Same(names))
}
