//! `seatrial reap`: removes what killed runs left. Other commands that use clusters do the same on their way.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use seatrial_harness::reaper::{Which, reap};
use serde_json::json;

/// Arguments of `reap`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also the clusters that `verify --keep` left for the next run
    #[arg(long)]
    warm: bool,
}

/// Reaps and tells.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let tools = Context::tools()?;
    let which = if args.warm { Which::AlsoWarm } else { Which::Dead };
    let reaped = reap(&tools, which, &context.events).await;
    let reaped = reaped.map_err(|error| Failure::new(Exit::Leftovers, chain(&error)))?;
    let value = json!({ "schema": "seatrial.reap/v1", "reaped": reaped });
    context.printer.answer(&value, || reaped.to_string());
    Ok(Exit::Good)
}
