//! `seatrial trace`: requirement rows against the clauses and tests that name them, and what their last runs came to.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning;
use seatrial_contracts::trace::{json, text};
use seatrial_harness::trace::trace;

/// Arguments of `trace`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Rows, or the beginnings of their ids (`PAL`, `HAR-00`); all of them where none is given
    #[arg(value_name = "ROW")]
    rows: Vec<String>,
}

/// Reads the records and tells. Nothing is run, and a row that is not proved is no failure of this command.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let repository = &context.repository;
    let plans = planning::all(&repository.charts(&[])?).await?.complete()?;
    let mut rows = trace(&repository.root, &plans).map_err(|error| Failure::usage(error.to_string()))?;
    rows.retain(|row| args.rows.is_empty() || args.rows.iter().any(|wanted| row.id.starts_with(wanted)));
    if rows.is_empty() {
        let wanted = args.rows.join(", ");
        return Err(Failure::new(Exit::NothingJudged, format!("no row of docs/requirements.md begins with {wanted}")));
    }
    context.printer.answer(&json(&rows), || text(&rows));
    Ok(Exit::Good)
}
