//! `seatrial down`: removes what `up` made.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use seatrial_harness::cluster::remove_named;
use seatrial_harness::lease::leases;
use serde_json::json;

/// Arguments of `down`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the cluster; everything that `up` made where it is left out
    #[arg(value_name = "CLUSTER")]
    clusters: Vec<String>,
}

/// Removes clusters and tells which.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let kept = kept();
    let wanted = if args.clusters.is_empty() { &kept } else { &args.clusters };
    if let Some(unknown) = wanted.iter().find(|name| !kept.contains(name)) {
        return Err(Failure::usage(format!("`up` made no cluster {unknown}; `seatrial list` shows what stands")));
    }
    for name in wanted {
        let removed = remove_named(name, &context.events).await;
        removed.map_err(|error| Failure::new(Exit::Leftovers, chain(&error)))?;
    }
    context.printer.answer(&json!({ "schema": "seatrial.down/v1", "removed": wanted }), || text(wanted));
    Ok(Exit::Good)
}

/// The clusters that `up` made and left.
fn kept() -> Vec<String> {
    leases().into_iter().flatten().filter(|lease| lease.is_kept).map(|lease| lease.cluster).collect()
}

fn text(removed: &[String]) -> String {
    if removed.is_empty() {
        "nothing stands that `up` made".to_owned()
    } else {
        format!("removed {}", removed.join(", "))
    }
}
