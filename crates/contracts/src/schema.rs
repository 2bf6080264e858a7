//! The JSON Schema of a contract file, generated from the file types, so that editors complete it and the loader's
//! answer never differs from theirs.

use crate::load::{ContractFile, PackFile, RepositoryFile};
use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use std::sync::OnceLock;

/// The files of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `contract.yaml`, beside a chart.
    Contract,
    /// `contracts/packs/NAME.yaml`.
    Pack,
    /// `seatrial.yaml`, at the root of a repository.
    Repository,
}

impl FileKind {
    /// The last part of the schema's address, and of its file in `docs/`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Pack => "pack",
            Self::Repository => "repository",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Contract => "A Seatrial contract",
            Self::Pack => "A pack of clauses for Seatrial contracts",
            Self::Repository => "The Seatrial file of a repository",
        }
    }

    fn generated(self) -> Schema {
        let generator = SchemaSettings::draft2020_12().into_generator();
        match self {
            Self::Contract => generator.into_root_schema_for::<ContractFile>(),
            Self::Pack => generator.into_root_schema_for::<PackFile>(),
            Self::Repository => generator.into_root_schema_for::<RepositoryFile>(),
        }
    }
}

/// The schema (2020-12) as it is checked in at `docs/contract.schema.json`.
#[must_use]
pub fn contract_schema() -> Value {
    of(FileKind::Contract).clone()
}

/// The schema of a kind of file (2020-12), as it is checked in in `docs/`.
pub fn of(kind: FileKind) -> &'static Value {
    static SCHEMAS: [OnceLock<Value>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
    SCHEMAS[kind as usize].get_or_init(|| {
        let mut schema = kind.generated();
        let address = format!("https://seatrial.dev/schema/v1/{}.json", kind.word());
        schema.insert("$id".to_owned(), Value::from(address));
        schema.insert("title".to_owned(), Value::from(kind.title()));
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
        for kind in [FileKind::Contract, FileKind::Pack, FileKind::Repository] {
            assert!(jsonschema::validator_for(of(kind)).is_ok(), "{kind:?}");
        }
        let properties = &of(FileKind::Contract)["$defs"]["Clause"]["properties"];
        for key in ["rendered", "http", "holds", "within", "for", "in", "each", "covers"] {
            assert!(properties.get(key).is_some(), "{key}");
        }
    }
}
