//! The verbs and what they have in common. The arguments of a verb are in the verb's own file.

use crate::commands::{
    check, doctor, down, explain, guard, health, list, plan, reap, schema, setup, trace, up, verify,
};
use crate::exit;
use crate::printer::Format;
use clap::{Parser, Subcommand};

/// Proves that a Helm chart keeps its promises, on a real Kubernetes cluster.
#[derive(Debug, Parser)]
#[command(name = "seatrial", bin_name = "seatrial", version, after_help = exit::help(), max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,

    /// For people on standard error, or for machines as one JSON document on standard output
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make this host ready (engine, tools, images); safe to repeat
    Setup(setup::Args),
    /// What is here, which versions, what is missing and the command that mends it
    Doctor(doctor::Args),
    /// The static tier of charts: no cluster, no Docker
    Check(check::Args),
    /// Every verdict that `verify` would give
    Plan(plan::Args),
    /// A clause with all defaults filled in, where it comes from, and what must have passed before
    Explain(explain::Args),
    /// Install charts into a cluster made for the occasion and judge every clause
    Verify(verify::Args),
    /// Make the cluster that a contract's `cluster:` describes, install the chart, and leave both
    Up(up::Args),
    /// Remove what `up` made
    Down(down::Args),
    /// How it stands with every service that `up` made
    Health(health::Args),
    /// The clusters of Seatrial that stand, and who holds them
    List(list::Args),
    /// Remove what killed runs left
    Reap(reap::Args),
    /// The JSON Schema of contract, pack and repository files
    Schema(schema::Args),
    /// Requirement rows against the clauses and tests that name them
    Trace(trace::Args),
    /// Hold a run's lease while its owner lives, then tear the run down
    #[command(hide = true)]
    Guard(guard::Args),
}

impl Verb {
    /// Whether it takes down, on its way, what dead runs left: every verb that has to do with clusters. `verify` does so
    /// when it needs one; `check`, `plan` and `schema` need none and start nothing.
    pub(crate) fn reaps(&self) -> bool {
        matches!(self, Self::Up(_) | Self::Down(_) | Self::List(_) | Self::Health(_) | Self::Doctor(_))
    }

    /// Whether it handles interruptions itself: it has something to take down.
    pub(crate) fn tears_down(&self) -> bool {
        matches!(self, Self::Verify(_) | Self::Check(_) | Self::Up(_) | Self::Guard(_))
    }
}
