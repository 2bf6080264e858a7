//! From the arguments to the exit code.

use crate::args::{Cli, Verb};
use crate::commands;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::unless_interrupted;
use crate::printer::Printer;
use clap::Parser;
use std::process::ExitCode;

/// The whole program.
#[must_use]
pub fn main() -> ExitCode {
    match std::panic::catch_unwind(run) {
        Ok(exit) => exit.code().into(),
        Err(_) => Exit::OurBug.code().into(),
    }
}

fn run() -> Exit {
    seatrial_probes::install_tls_provider();
    let cli = Cli::parse();
    let printer = Printer::new(cli.format);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return told(&printer, &Failure::new(Exit::NoEnvironment, error.to_string())),
    };
    let exit = match runtime.block_on(call(cli.verb, &printer)) {
        Ok(exit) => exit,
        Err(failure) => told(&printer, &failure),
    };
    // A blocking read that nobody waits for any more must not hold the program.
    runtime.shutdown_background();
    exit
}

fn told(printer: &Printer, failure: &Failure) -> Exit {
    printer.failure(failure);
    failure.exit
}

/// Runs the verb. What is interrupted ends with all that it started: its children lead groups of their own, so the
/// terminal's ^C does not reach them.
async fn call(verb: Verb, printer: &Printer) -> Result<Exit, Failure> {
    let context = Context::new(printer.clone())?;
    if verb.reaps() {
        seatrial_harness::reaper::start_reaping(&Context::guard(), &context.events);
    }
    if verb.tears_down() {
        return run_verb(verb, &context).await;
    }
    let ended = unless_interrupted(Box::pin(run_verb(verb, &context))).await;
    ended.unwrap_or_else(|| Err(Failure::new(Exit::Interrupted, "interrupted; what was started is ended")))
}

async fn run_verb(verb: Verb, context: &Context) -> Result<Exit, Failure> {
    match verb {
        Verb::Setup(args) => commands::setup::run(&args, context).await,
        Verb::Doctor(args) => commands::doctor::run(&args, context).await,
        Verb::Check(args) => commands::check::run(&args, context).await,
        Verb::Explain(args) => commands::explain::run(&args, context).await,
        Verb::Plan(args) => commands::plan::run(&args, context).await,
        Verb::Verify(args) => commands::verify::run(&args, context).await,
        Verb::Up(args) => Box::pin(commands::up::run(&args, context)).await,
        Verb::Down(args) => commands::down::run(&args, context).await,
        Verb::Health(args) => commands::health::run(&args, context).await,
        Verb::List(args) => commands::list::run(&args, context).await,
        Verb::Reap(args) => commands::reap::run(&args, context).await,
        Verb::Schema(args) => commands::schema::run(&args, context),
        Verb::Trace(args) => commands::trace::run(&args, context).await,
        Verb::Guard(args) => commands::guard::run(&args).await,
    }
}
