//! The JSON Schema of a contract file, generated from the file types, so that editors complete it and the loader's
//! answer never differs from theirs.

use crate::load::ContractFile;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use std::sync::OnceLock;

/// The schema (2020-12) as it is checked in at `docs/contract.schema.json`.
#[must_use]
pub fn contract_schema() -> Value {
    parts().clone()
}

pub(crate) fn parts() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<ContractFile>();
        schema.insert("$id".to_owned(), Value::from("https://seatrial.dev/schema/v1/contract.json"));
        schema.insert("title".to_owned(), Value::from("A Seatrial contract"));
        let mut schema = schema.to_value();
        without_null(&mut schema);
        schema
    })
}

/// A key without a value (`when:`) is a mistake, not a key left out: optional properties take no null.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get_mut("properties") {
                properties.values_mut().for_each(refuse_null);
            }
            map.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

fn refuse_null(property: &mut Value) {
    let Value::Object(map) = property else { return };
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|word| word != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            map.insert("type".to_owned(), one);
        }
    }
    let Some(Value::Array(mut branches)) = map.remove("anyOf") else { return };
    branches.retain(|branch| branch.get("type") != Some(&Value::from("null")));
    match (branches.pop(), branches.is_empty()) {
        (Some(Value::Object(only)), true) => map.extend(only),
        (last, _) => {
            branches.extend(last);
            map.insert("anyOf".to_owned(), Value::Array(branches));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_compiles_and_knows_every_check() {
        assert!(jsonschema::validator_for(parts()).is_ok());
        let properties = &parts()["$defs"]["Clause"]["properties"];
        for key in ["rendered", "http", "holds", "within", "for", "in", "each", "covers"] {
            assert!(properties.get(key).is_some(), "{key}");
        }
    }
}
