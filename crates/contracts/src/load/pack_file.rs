//! Pack files: clauses with parameters, shared by charts. Their clauses are looked at where a contract uses them: only
//! there the parameters are known.

use super::clause_file::ClauseFile;
use super::contract_file::ApiVersion;
use super::findings::Findings;
use super::sections::{in_order, word};
use super::{limits, schema_check};
use crate::diagnostic::{Diagnostic, child};
use crate::model::Pack;
use crate::schema::FileKind;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// Clauses that many charts share, with parameters.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of the whole file, for the schema; the loader reads its tree")]
pub(crate) struct PackFile {
    /// The version of the language.
    api_version: Option<ApiVersion>,
    /// What this file is.
    kind: PackKind,
    /// Parameter → what it is where a contract says nothing; null: a contract must give it. $(params.NAME) is looked up.
    params: Option<IndexMap<String, Option<Value>>>,
    /// The promises, by name; in a contract they are called PACK.NAME.
    clauses: IndexMap<String, ClauseFile>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "for the schema")]
enum PackKind {
    Pack,
}

/// Reads a pack, or gives every mistake that shows without its parameters.
pub fn pack(name: &str, file: &str, text: &str) -> Result<Pack, Vec<Diagnostic>> {
    let tree = limits::tree(file, text).map_err(|mistake| vec![mistake])?;
    let mut found = Findings::new(tree.places.clone());
    schema_check::file(FileKind::Pack, &tree.value, &mut found);
    let entries = |key: &str| tree.value.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    let (params, clauses) = (entries("params"), entries("clauses"));
    for (key, names) in [("params", &params), ("clauses", &clauses)] {
        names.keys().for_each(|name| named(name, &child("", key), &mut found));
    }
    let mut mistakes = found.into_list();
    mistakes.extend(tree.mistakes);
    if !mistakes.is_empty() {
        return Err(in_order(mistakes));
    }
    let ordered = |map: Map<String, Value>| map.into_iter().collect();
    let (params, clauses) = (ordered(params), ordered(clauses));
    Ok(Pack { name: name.to_owned(), file: file.to_owned(), params, clauses, places: tree.places })
}

fn named(name: &str, at: &str, found: &mut Findings<'_>) {
    word(name, &child(at, name), found);
}
