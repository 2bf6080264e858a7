//! `docs/rows.yaml`: what rows stand on besides the clauses that name them. Rows that do not apply, tests that speak for
//! a row (each with the test that feeds the same promise a broken input), and mutations of charts.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Table {
    /// Rows, or parts of rows, that a decision takes out.
    #[serde(default)]
    pub not_applicable: IndexMap<String, NotApplicable>,
    /// Row → clauses that speak for it without naming it, as `chart::clause`: those that are on for every chart.
    #[serde(default)]
    pub clauses: IndexMap<String, Vec<String>>,
    /// Row → the tests that speak for it.
    #[serde(default)]
    pub tests: IndexMap<String, Vec<RowTest>>,
    /// One small change each, and the clause that must notice it.
    #[serde(default)]
    pub mutations: IndexMap<String, Mutation>,
}

/// Why a row does not apply.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NotApplicable {
    /// The reason.
    pub why: String,
    /// The part of the row that is meant; the rest is to be proved. All of it where this is left out.
    pub part: Option<String>,
}

/// A test that speaks for a row, by the name that nextest gives it: `binary-id path::of::test`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RowTest {
    /// Passes while the promise is kept.
    pub test: String,
    /// Feeds the same promise a broken workload or input, and passes only if just that is told broken.
    pub broken: Option<String>,
}

/// One small change of a chart or its values, and the clause that must notice it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Mutation {
    /// The rows that it is made for.
    pub rows: Vec<String>,
    /// The chart's folder in `charts/`.
    pub chart: String,
    /// The environment that is judged.
    #[serde(rename = "in")]
    pub environment: String,
    /// The edits, in order.
    pub edits: Vec<Edit>,
    /// Which clause fails, and what it says.
    pub breaks: Breaks,
}

/// One text edit: in this file of the chart, this text becomes that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Edit {
    /// The file, relative to the chart.
    pub file: String,
    /// What stands there exactly once.
    pub from: String,
    /// What stands there afterwards.
    pub to: String,
}

/// What a mutation must come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Breaks {
    /// The one clause that fails, `clause` or `clause[element]`.
    pub clause: String,
    /// Words of its cause.
    pub saying: String,
}

/// Why the file is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// It is no YAML of this form.
    #[error("{0}")]
    Form(String),
    /// It names rows that the requirements lack.
    #[error("no requirement rows: {}", .0.join(", "))]
    Unknown(Vec<String>),
}

impl Table {
    /// Reads it; every row that it names must be one of `rows`.
    pub fn parse(text: &str, rows: &BTreeSet<String>) -> Result<Self, TableError> {
        let table: Self = serde_yaml::from_str(text).map_err(|error| TableError::Form(error.to_string()))?;
        let unknown: BTreeSet<String> = table.rows().filter(|row| !rows.contains(*row)).cloned().collect();
        if unknown.is_empty() { Ok(table) } else { Err(TableError::Unknown(unknown.into_iter().collect())) }
    }

    /// The mutations that are made for a row.
    pub(super) fn mutations_for<'a>(&'a self, row: &'a str) -> impl Iterator<Item = (&'a String, &'a Mutation)> {
        self.mutations.iter().filter(move |(_, mutation)| mutation.rows.iter().any(|named| named == row))
    }

    fn rows(&self) -> impl Iterator<Item = &String> {
        let mutated = self.mutations.values().flat_map(|mutation| &mutation.rows);
        self.not_applicable.keys().chain(self.clauses.keys()).chain(self.tests.keys()).chain(mutated)
    }
}
