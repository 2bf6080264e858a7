//! What a check brings to the language: its key, its schema, and how it is parsed. A new check is one file in
//! `checks/` and one line in [`CHECKS`].

use super::checks;
use super::findings::Findings;
use crate::model::Check;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One check of the language.
pub(crate) struct CheckWord {
    /// Its key in a clause.
    pub(crate) key: &'static str,
    /// One line for editors.
    pub(crate) about: &'static str,
    /// Judged on the rendered files: no event and no time word has a meaning.
    pub(crate) is_static: bool,
    /// The schema of its value.
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
    /// Its value, typed; `None` where mistakes were found.
    pub(crate) parse: fn(&Value, &str, &mut Findings<'_>) -> Option<Check>,
}

/// All checks, in the order of the documentation.
pub(crate) const CHECKS: &[CheckWord] = &[
    checks::objects::RENDERED,
    checks::counts::WORD,
    checks::refuses::WORD,
    checks::same::WORD,
    checks::http::WORD,
    checks::ws::WORD,
    checks::tcp::WORD,
    checks::dns::WORD,
    checks::postgres::WORD,
    checks::registry::WORD,
    checks::ready::WORD,
    checks::objects::OBJECT,
    checks::metrics::WORD,
    checks::rbac::WORD,
    checks::restarts::WORD,
    checks::logs::WORD,
    checks::usage::WORD,
    checks::job::WORD,
    checks::leaves::WORD,
    checks::run::WORD,
    checks::helm_test::WORD,
    checks::holds::WORD,
];

/// The check with this key.
pub(crate) fn word(key: &str) -> Option<&'static CheckWord> {
    CHECKS.iter().find(|word| word.key == key)
}

/// The schema of a file type, as a function pointer for [`CheckWord`].
pub(crate) fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// A file type from a value that the schema has already accepted.
pub(crate) fn read<T: DeserializeOwned>(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<T> {
    match T::deserialize(value) {
        Ok(read) => Some(read),
        Err(error) => {
            found.value(at, "wrong-type", error.to_string(), None);
            None
        }
    }
}
