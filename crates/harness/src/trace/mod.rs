//! What a trace of the requirement rows is made from: the rows, the table beside them, and the records of the last runs.
//!
//! ```text
//! docs/requirements.md, docs/rows.yaml, docs/mutations.lock      checked in
//! target/seatrial/verdicts/<chart>-<key>/                        the last verdict of each slot, by the chart's content
//! target/seatrial/mutations/                                     what came of each mutation
//! target/nextest/*/junit.xml, target/seatrial/tests/             the tests of the last runs, and of those before
//! ```
//!
//! A record of other sources is no record: verdicts are kept under the hash of the chart, mutations under the hash of all
//! that makes them, and tests count only if their file is younger than every source.

mod mutation;
mod tests_seen;
mod verdicts;

pub use mutation::{LOCK, Outcome, Trial, is_static, keep as keep_trial, key as mutation_key, lock, locked, trials};
pub use verdicts::verdicts;
pub(crate) use verdicts::{chart_key, is_news, place as verdict_place};

use crate::cache::CacheError;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::ChartPlan;
use seatrial_contracts::requirements::known_rows;
use seatrial_contracts::trace::{Inputs, Row, Table, TableError, judge};
use std::collections::BTreeSet;
use thiserror::Error;

/// Why there is no trace.
#[derive(Debug, Error)]
pub enum TraceError {
    /// A file can't be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The table is none.
    #[error("{path}: {source}")]
    Table {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong.
        source: TableError,
    },
    /// A chart can't be read.
    #[error(transparent)]
    Chart(#[from] CacheError),
}

impl TraceError {
    fn at(path: &Utf8Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

/// The rows of a repository and the table beside them; an empty table where there is none.
pub fn requirements(root: &Utf8Path) -> Result<(BTreeSet<String>, Table), TraceError> {
    let path = root.join("docs/requirements.md");
    let rows = known_rows(&std::fs::read_to_string(&path).map_err(TraceError::at(&path))?);
    let path = root.join("docs/rows.yaml");
    if !path.is_file() {
        return Ok((rows, Table::default()));
    }
    let text = std::fs::read_to_string(&path).map_err(TraceError::at(&path))?;
    let table = Table::parse(&text, &rows).map_err(|source| TraceError::Table { path, source })?;
    Ok((rows, table))
}

/// What every row comes to, by the records in `root`.
pub fn trace(root: &Utf8Path, plans: &[ChartPlan]) -> Result<Vec<Row>, TraceError> {
    let (rows, table) = requirements(root)?;
    let mut seen = std::collections::BTreeMap::new();
    for plan in plans {
        seen.extend(verdicts(&root.join("target/seatrial"), plan)?);
    }
    let mutations = mutation::witnesses(root, &table, plans)?;
    let tests = tests_seen::tests(root);
    let inputs = Inputs { rows: &rows, table: &table, plans, verdicts: &seen, tests: &tests, mutations: &mutations };
    Ok(judge(&inputs))
}
