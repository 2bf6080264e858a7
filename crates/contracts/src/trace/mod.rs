//! Tracing requirement rows: which clauses and tests name a row, how their last runs ended, and whether a mutation that
//! is checked in for the row made precisely the promise fail that speaks for it. What ran and what was seen comes in as
//! values; nothing is read here.

mod judge;
mod junit;
mod report;
mod table;

pub use judge::{Inputs, judge};
pub(crate) use junit::failures;
pub use junit::{TestSeen, tests_of_junit};
pub use report::{json, schema, text};
pub use table::{Breaks, Edit, Mutation, NotApplicable, RowTest, Table, TableError};

use serde::Serialize;

/// What is known about one requirement row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// What it comes to.
    pub state: State,
    /// Who says so.
    pub by: Vec<Witness>,
}

/// What a row comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A promise that names it was kept, and a mutation made for the row breaks precisely that promise.
    Proved,
    /// It is named, but one of the two was not seen.
    Claimed,
    /// A promise that names it was broken in its last run.
    Failing,
    /// All that names it was skipped.
    Skipped,
    /// Decided not to apply.
    NotApplicable,
    /// Nothing names it.
    Open,
}

/// Something that speaks for or against a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// What it is.
    pub kind: Kind,
    /// Its name: `chart::clause`, a test as nextest names it, or a mutation.
    pub name: String,
    /// How its last run ended.
    pub result: Ended,
    /// A figure, a cause, or why nothing is known.
    pub detail: Option<String>,
}

/// The kinds of witnesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A clause of a contract.
    Clause,
    /// A test of a suite.
    Test,
    /// A mutation of a chart, or a test with a broken input.
    Mutation,
    /// A decision that takes the row, or a part of it, out.
    Decision,
}

/// How the last run of a witness ended. The order is that of gravity: of several slots the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// The promise was broken.
    Fail,
    /// It could not be judged.
    Inconclusive,
    /// No run is recorded, or only one of other sources.
    Unknown,
    /// A mutation that nothing noticed, or that broke something else.
    Survived,
    /// The promise was kept.
    Pass,
    /// A mutation that broke precisely its promise.
    Killed,
    /// It was not to be judged here.
    Skipped,
    /// It is not to be judged at all.
    NotApplicable,
}

#[cfg(test)]
mod tests;
