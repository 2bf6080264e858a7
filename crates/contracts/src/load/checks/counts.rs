//! `objects: { Deployment: 1, Service: 1 }`: exact counts of rendered objects.

use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::findings::Findings;
use crate::load::scalars::Number;
use crate::model::{Check, Kind, Target};
use indexmap::IndexMap;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "objects",
    about: "Exact counts of rendered objects, kind by kind; kinds that are not listed must not be there.",
    is_static: true,
    schema: schema_of::<IndexMap<String, Number>>,
    parse,
};

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let counts: IndexMap<String, Number> = read(value, at, found)?;
    if counts.is_empty() {
        found.value(at, "empty-expectation", "an empty map asserts nothing", None);
        return None;
    }
    let mut parsed = Some(IndexMap::new());
    for (word, count) in counts {
        let at = child(at, &word);
        match (kind(&word, &at, found), count.get(&at, found), &mut parsed) {
            (Some(kind), Some(count), Some(parsed)) => {
                parsed.insert(kind, count);
            }
            _ => parsed = None,
        }
    }
    parsed.map(Check::Objects)
}

/// The full name of a kind; short names are understood.
fn kind(word: &str, at: &str, found: &mut Findings<'_>) -> Option<String> {
    match word.parse() {
        Ok(Target::Object { kind: Kind::Named(kind), .. }) if !word.contains('/') => Some(kind),
        Ok(Target::Service { .. }) if !word.contains(['/', ':']) => Some("Service".to_owned()),
        _ => {
            found.key(at, "bad-target", format!("`{word}` is no kind"), Some("write Deployment: 1".to_owned()));
            None
        }
    }
}
