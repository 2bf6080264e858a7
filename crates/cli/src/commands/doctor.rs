//! `seatrial doctor`: what is here, what is missing and the command that mends it. Changes nothing.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use seatrial_harness::host::doctor;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Looks at the host and tells.
pub(crate) async fn run(_: &Args, context: &Context) -> Result<Exit, Failure> {
    let seen = doctor().await;
    context.printer.answer(&serde_json::json!(seen), || seen.to_string());
    Ok(Exit::Good)
}
