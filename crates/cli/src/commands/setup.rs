//! `seatrial setup`: makes this host ready, or only tells what is missing.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use seatrial_harness::setup::{Mode, Need, SetupReport, State, setup};

/// Arguments of `setup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Change nothing, only tell; ends with 30 when something is missing
    #[arg(long)]
    check: bool,

    /// For what the host is to be ready
    #[arg(long, default_value = "live", value_name = "TIER", value_parser = ["static", "test", "api", "live", "ci"])]
    tier: String,
}

/// Makes the host ready for a tier.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let needs = Need::for_tier(&args.tier).ok_or_else(|| Failure::usage(format!("{} is no tier", args.tier)))?;
    let mode = if args.check { Mode::Check } else { Mode::Do };
    let events = context.events.clone();
    let mut listener = move |event: seatrial_harness::setup::SetupEvent| events.emit(event.into());
    let report = setup(&needs, mode, &mut listener).await.map_err(|error| Failure::environment(&error))?;
    let value = serde_json::json!({ "schema": "seatrial.setup/v1", "isReady": report.is_ready(), "setup": report });
    context.printer.answer(&value, || summary(&report));
    Ok(if report.is_ready() { Exit::Good } else { Exit::NoEnvironment })
}

fn summary(report: &SetupReport) -> String {
    let count = |state: State| report.steps.iter().filter(|step| step.state == state).count();
    let (made, missing) = (count(State::Made), count(State::Missing));
    let state = if missing > 0 { format!("{missing} missing: run `seatrial setup`") } else { "ready".to_owned() };
    format!("{} host, {state}; {made} made, {:.1} s", report.host, report.seconds)
}
