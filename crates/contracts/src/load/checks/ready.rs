//! `ready:`: the release, or objects of it, get ready.

use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::findings::Findings;
use crate::load::one_or_many::OneOrMany;
use crate::load::scalars::object;
use crate::model::{Check, ReadyOf};
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "ready",
    about: "Everything of the release (`release`), or these objects, are ready.",
    is_static: false,
    schema: schema_of::<OneOrMany<String>>,
    parse,
};

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    if value == "release" {
        return Some(Check::Ready(ReadyOf::Release));
    }
    let names: OneOrMany<String> = read(value, at, found)?;
    let targets: Vec<_> = names.at(at).into_iter().map(|(at, text)| object(&text, &at, found)).collect();
    targets.into_iter().collect::<Option<Vec<_>>>().map(|targets| Check::Ready(ReadyOf::Targets(targets)))
}
