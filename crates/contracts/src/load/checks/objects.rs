//! `rendered:` and `object:`: fields of objects, in the files and in the cluster.

use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::expectation::by_path;
use crate::load::findings::Findings;
use crate::load::scalars::target_key;
use crate::model::{Check, Expectation, ObjectExpectations, ObjectPath, PathStep};
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;

pub(in crate::load) const RENDERED: CheckWord = CheckWord {
    key: "rendered",
    about: "Fields of rendered objects: target → path → expectation.",
    is_static: true,
    schema: schema_of::<IndexMap<String, Expected>>,
    parse: |value, at, found| parse(value, at, found).map(Check::Rendered),
};

pub(in crate::load) const OBJECT: CheckWord = CheckWord {
    key: "object",
    about: "Fields of objects in the cluster: target → path → expectation.",
    is_static: false,
    schema: schema_of::<IndexMap<String, Expected>>,
    parse: |value, at, found| parse(value, at, found).map(Check::Object),
};

/// What is expected of one object: `absent`, `present`, or path → expectation.
#[derive(Deserialize)]
#[serde(transparent)]
struct Expected(Value);

impl JsonSchema for Expected {
    fn schema_name() -> Cow<'static, str> {
        "ExpectedObject".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "`absent`, `present`, or a map: path → expectation.",
            "anyOf": [{ "enum": ["absent", "present"] }, { "type": "null" }, { "type": "object" }]
        })
    }
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<ObjectExpectations> {
    let objects: IndexMap<String, Expected> = read(value, at, found)?;
    if objects.is_empty() {
        found.value(at, "empty-expectation", "an empty map asserts nothing", None);
        return None;
    }
    let mut parsed = Vec::new();
    for (text, Expected(value)) in &objects {
        let at = child(at, text);
        let target = target_key(text, &at, found);
        parsed.push(target.zip(expected(value, &at, found)));
    }
    parsed.into_iter().collect::<Option<Vec<_>>>().map(ObjectExpectations)
}

fn expected(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Vec<(ObjectPath, Expectation)>> {
    let whole = |expectation| Some(vec![(ObjectPath(Vec::<PathStep>::new()), expectation)]);
    match value {
        Value::Null => whole(Expectation::Absent),
        Value::String(word) if word == "absent" => whole(Expectation::Absent),
        Value::String(word) if word == "present" => whole(Expectation::Present),
        Value::Object(entries) => by_path(entries, at, found),
        _ => {
            let hint = Some("write `absent`, `present`, or a map of paths".to_owned());
            found.value(at, "wrong-type", "no expectation of an object", hint);
            None
        }
    }
}
