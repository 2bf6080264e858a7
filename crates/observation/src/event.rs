//! What happens while a plan runs: one enum, consumed by the terminal, JSON lines and reports alike.

use serde::{Deserialize, Serialize};

/// One thing that happened. Producers never print; the CLI's printer is the only consumer that does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum Event {
    /// A longer piece of work began (`cluster st-…`, `node image`).
    Started {
        /// What it is.
        what: String,
    },
    /// A line about work in progress.
    Progress {
        /// What it belongs to.
        what: String,
        /// The line.
        line: String,
    },
    /// A longer piece of work ended well.
    Finished {
        /// What it is.
        what: String,
        /// Seconds it took.
        seconds: f64,
    },
    /// A longer piece of work failed.
    Failed {
        /// What it is.
        what: String,
        /// Why.
        message: String,
        /// Seconds it took.
        seconds: f64,
    },
    /// A clause is being judged.
    Judging {
        /// The slot's id.
        slot: String,
    },
    /// A clause has its verdict; the verdict itself, as the report writes it.
    Judged {
        /// The slot's id.
        slot: String,
        /// `pass`, `fail`, `inconclusive` or `skipped`.
        verdict: String,
        /// One line: the measured value, or the cause.
        line: String,
        /// Seconds it took.
        seconds: f64,
    },
    /// Something the reader should know that is no failure.
    Warning {
        /// The line.
        message: String,
    },
}
