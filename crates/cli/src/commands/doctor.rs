//! `seatrial doctor`: what is here, what is missing and the command that mends it.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Looks at the host and tells.
pub(crate) async fn run(_: &Args, context: &Context) -> Result<Exit, Failure> {
    todo!()
}
