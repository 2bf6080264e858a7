//! `seatrial setup`: makes this host ready, or only tells what is missing.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use seatrial_harness::setup::{Mode, Need, SetupEvent, SetupReport, State, setup};
use seatrial_observation::Event;

/// Arguments of `setup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Change nothing, only tell; ends with 30 when something is missing
    #[arg(long)]
    check: bool,

    /// For what the host is to be ready
    #[arg(long, default_value = "live", value_name = "TIER", value_parser = ["static", "test", "api", "docker", "live", "suite", "dev", "ci", "fuzz", "coverage"])]
    tier: String,
}

/// Makes the host ready for a tier.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let needs = Need::for_tier(&args.tier).ok_or_else(|| Failure::usage(format!("{} is no tier", args.tier)))?;
    let mode = if args.check { Mode::Check } else { Mode::Do };
    let (events, printer) = (context.events.clone(), context.printer.clone());
    let mut listener = move |event: SetupEvent| {
        let event = event.into();
        if let Some(line) = work(&event) {
            printer.begun(&line);
        }
        events.emit(event);
    };
    let report = setup(&needs, mode, &mut listener).await.map_err(|error| Failure::environment(&error))?;
    let value = serde_json::json!({ "schema": "seatrial.setup/v1", "isReady": report.is_ready(), "setup": report });
    context.printer.answer(&value, || summary(&report));
    Ok(if report.is_ready() { Exit::Good } else { Exit::NoEnvironment })
}

/// What is being done for minutes: a log that stands still looks like a program that hangs.
fn work(event: &Event) -> Option<String> {
    match event {
        Event::Started { what } => Some(what.clone()),
        Event::Progress { what, line } => Some(format!("{what}: {line}")),
        _ => None,
    }
}

fn summary(report: &SetupReport) -> String {
    let count = |state: State| report.steps.iter().filter(|step| step.state == state).count();
    let (made, missing) = (count(State::Made), count(State::Missing));
    let state = if missing > 0 { format!("{missing} missing: run `seatrial setup`") } else { "ready".to_owned() };
    format!("{} host, {state}; {made} made, {:.1} s", report.host, report.seconds)
}
