//! `seatrial schema`: the JSON Schema of contract files, for editors.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Prints the schema, whatever the format: it is JSON.
#[expect(clippy::unnecessary_wraps, reason = "every verb has the same form")]
pub(crate) fn run(_: &Args, _: &Context) -> Result<Exit, Failure> {
    Printer::document(&seatrial_contracts::schema::contract_schema());
    Ok(Exit::Good)
}
