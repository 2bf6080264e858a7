//! `seatrial list`: the clusters of Seatrial that stand, and who holds them.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use seatrial_harness::lease::{Lease, leases};
use serde_json::{Value, json};

/// Arguments of `list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Reads the leases and tells.
#[expect(clippy::unused_async, reason = "every verb has the same form")]
pub(crate) async fn run(_: &Args, context: &Context) -> Result<Exit, Failure> {
    let mut found = Vec::new();
    for lease in leases() {
        match lease {
            Ok(lease) => found.push(lease),
            Err(error) => context.events.warn(error.to_string()),
        }
    }
    let value = json!({ "schema": "seatrial.list/v1", "clusters": found.iter().map(value).collect::<Vec<_>>() });
    context.printer.answer(&value, || text(&found));
    Ok(Exit::Good)
}

fn value(lease: &Lease) -> Value {
    json!({
        "name": lease.cluster,
        "provider": lease.provider,
        "run": lease.run,
        "state": state(lease),
        "kubeconfig": lease.kubeconfig,
        "ownerPid": lease.owner.pid,
        "expires": lease.expires,
        "warmUntil": lease.warm_until,
    })
}

/// One word for who holds it.
fn state(lease: &Lease) -> &'static str {
    match (lease.is_kept, lease.owner.is_alive()) {
        (true, _) => "up",
        (false, _) if lease.is_warm() => "warm",
        (false, true) => "running",
        (false, false) => "ended",
    }
}

fn text(leases: &[Lease]) -> String {
    if leases.is_empty() {
        return "no cluster of Seatrial stands".to_owned();
    }
    leases.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(lease: &Lease) -> String {
    let held = match state(lease) {
        "up" => "made by `seatrial up`; `seatrial down` removes it".to_owned(),
        "warm" => {
            format!("kept warm by run {}: the next run that can use it does, else its guard removes it", lease.run)
        }
        "running" => format!("run {} of process {}", lease.run, lease.owner.pid),
        _ => format!("run {} has ended; its guard removes it, or `seatrial reap`", lease.run),
    };
    format!("{}  {held}\n  KUBECONFIG={}", lease.cluster, lease.kubeconfig)
}
