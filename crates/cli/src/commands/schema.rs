//! `seatrial schema`: the JSON Schema of contract files, for editors.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Prints the schema, whatever the format: it is JSON.
#[expect(clippy::unnecessary_wraps, reason = "every verb has the same form")]
pub(crate) fn run(_: &Args, context: &Context) -> Result<Exit, Failure> {
    context.printer.document(&seatrial_contracts::schema::contract_schema());
    Ok(Exit::Good)
}
