//! `seatrial health`: how it stands with every service that `up` made, all of them asked at once.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::printer::Printer;
use seatrial_contracts::model::{Health, Wellness};
use seatrial_contracts::report::{health_json, health_text};
use seatrial_harness::bootstrap::{Record, records};
use seatrial_harness::health;
use seatrial_harness::tools::Tools;

/// Arguments of `health`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// For machines, as `--format json`
    #[arg(long)]
    json: bool,
}

/// Looks and tells; 10 where something is not healthy, 12 where nothing stands.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let missing = tokio::task::spawn_blocking(Tools::missing);
    let health = health::look(&standing(context)).await;
    // What needs neither kind nor Helm is looked at all the same (PAL-054): services, by their ports.
    for missing in missing.await.unwrap_or_default() {
        context.events.warn(format!("{missing}; what runs is looked at without it"));
    }
    let exit = exit_of(&health);
    let document = health_json(&health, exit.code().into());
    let printer = &context.printer;
    if args.json {
        Printer::document(&document);
    } else {
        printer.answer(&document, || health_text(&health, printer.has_colour()));
    }
    Ok(exit)
}

/// The records of what stands; one that can't be read is told of.
fn standing(context: &Context) -> Vec<Record> {
    let told = |record: Result<Record, _>| record.map_err(|error| context.events.warn(chain(&error))).ok();
    records().into_iter().filter_map(told).collect()
}

fn exit_of(health: &Health) -> Exit {
    match health.status() {
        Some(Wellness::Healthy) => Exit::Good,
        Some(Wellness::Degraded | Wellness::Unhealthy) => Exit::Broken,
        None => Exit::NothingJudged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_stands_is_no_success() {
        assert_eq!(exit_of(&Health { made: Vec::new(), seconds: 0.0 }), Exit::NothingJudged);
    }
}
