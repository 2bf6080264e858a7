//! `dns:`: Services that resolve by their three names.

use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::findings::Findings;
use crate::load::one_or_many::OneOrMany;
use crate::load::scalars::target;
use crate::model::{Check, Target};
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "dns",
    about: "A Service resolves by its short, its namespaced and its full name, and the address answers.",
    is_static: false,
    schema: schema_of::<OneOrMany<String>>,
    parse,
};

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let names: OneOrMany<String> = read(value, at, found)?;
    let targets: Vec<_> = names.at(at).into_iter().map(|(at, text)| service(&text, &at, found)).collect();
    targets.into_iter().collect::<Option<Vec<_>>>().map(Check::Dns)
}

fn service(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Target> {
    match target(text, at, found)? {
        Target::Service { name, port, path } if path.is_empty() => Some(Target::Service { name, port, path }),
        _ => {
            found.value(at, "bad-target", format!("`{text}` is no Service"), Some("write svc/NAME".to_owned()));
            None
        }
    }
}
