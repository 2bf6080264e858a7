//! `seatrial up`: what a contract's `cluster:` describes, left for whoever comes. A kind cluster with the release in it;
//! by Docker alone where that is preferred, or where kind or Helm is missing.

mod chosen;
mod docker;
mod kind;
mod mode;
mod told;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::unless_interrupted;
use camino::Utf8PathBuf;
use chosen::Chosen;
use mode::Choice;
use seatrial_harness::bootstrap::{Journal, Mode, Record, States, until_free};
use seatrial_harness::cluster::keep_named;
use told::Told;

/// Arguments of `up`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder of a chart, or its name in charts/; where it is left out: that of seatrial.yaml, or the only one with `cluster:`
    #[arg(value_name = "CHART")]
    chart: Option<Utf8PathBuf>,

    /// The environment whose values are installed; the first of the contract where it is left out
    #[arg(short, long = "env", value_name = "ENV")]
    environment: Option<String>,

    /// No Kubernetes: the image of the release as a container, on the same ports and with the same data
    #[arg(long)]
    prefer_docker: bool,
}

/// Makes it, waits until it answers, leaves it.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let chosen = Chosen::of(args.chart.as_deref(), context)?;
    let choice = mode::choose(args.prefer_docker)?;
    if let Choice::Docker { because: Some(reason) } = &choice {
        context.events.warn(format!("{reason}; {} runs by Docker", chosen.spec.name));
    }
    // What stands in the other mode keeps its record.
    until_free(&chosen.spec.name, choice.mode()).await.map_err(|error| Failure::environment(&error))?;
    let mut journal = journal(&chosen, choice.mode(), context)?;
    let Some(made) = Box::pin(unless_interrupted(make(args, &chosen, &choice, &mut journal, context))).await else {
        let states = journal.stop();
        return Err(Failure::new(Exit::Interrupted, format!("interrupted ({states}); what was made is torn down")));
    };
    let told = made.map_err(|failure| stopped(failure, journal.stop()))?;
    // Also where the chart is broken: whoever mends it wants to look.
    keep_named(&chosen.spec.name).map_err(|error| Failure::environment(&error))?;
    context.printer.answer(&told.value(&journal), || told.text(&journal));
    Ok(if told.problem.is_none() { Exit::Good } else { Exit::Broken })
}

async fn make(
    args: &Args,
    chosen: &Chosen,
    choice: &Choice,
    journal: &mut Journal,
    context: &Context,
) -> Result<Told, Failure> {
    match choice {
        Choice::Kind(tools) => kind::make(chosen, args.environment.as_deref(), tools, journal, context).await,
        Choice::Docker { because } => docker::make(chosen, because.clone(), journal, context).await,
    }
}

fn journal(chosen: &Chosen, mode: Mode, context: &Context) -> Result<Journal, Failure> {
    let record = Record {
        name: chosen.spec.name.clone(),
        mode,
        namespace: chosen.namespace.clone(),
        release: chosen.release.clone(),
        chart: chosen.chart.clone(),
        kubeconfig: None,
        services: Vec::new(),
        states: States::default(),
        storage: chosen.storage(),
        logs: Vec::new(),
    };
    let opened = Journal::open(record, &context.repository.root.join("target/seatrial"));
    opened.map_err(|error| Failure::environment(&error))
}

/// The failure, and how far it got.
fn stopped(mut failure: Failure, states: States) -> Failure {
    failure.message = format!("{} (stopped with {states})", failure.message);
    failure
}
