//! The JSON Schema of a contract file, generated from the file types, so that editors complete it and the loader's
//! answer never differs from theirs.

use crate::load::ContractFile;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use std::sync::OnceLock;

/// The schema (2020-12) as it is checked in at `docs/contract.schema.json`.
pub fn contract_schema() -> Value {
    parts().clone()
}

pub(crate) fn parts() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<ContractFile>();
        schema.insert("$id".to_owned(), Value::from("https://seatrial.dev/schema/v1/contract.json"));
        schema.insert("title".to_owned(), Value::from("A Seatrial contract"));
        schema.to_value()
    })
}
