//! `seatrial guard`: the process that outlives a run's owner and tears the run down. Started by the first process of
//! a run that needs a cluster, in a session of its own.

use crate::exit::Exit;
use crate::failure::Failure;
use camino::Utf8PathBuf;

/// Arguments of `guard`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The lease to hold
    #[arg(long, value_name = "FILE")]
    lease: Utf8PathBuf,
}

/// Holds the lease until its owner has ended, then tears down.
pub(crate) async fn run(args: &Args) -> Result<Exit, Failure> {
    let guarded = seatrial_harness::guard::guard(&args.lease).await;
    guarded.map(|()| Exit::Good).map_err(|error| Failure::new(Exit::Leftovers, crate::failure::chain(&error)))
}
