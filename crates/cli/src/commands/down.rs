//! `seatrial down`: removes what `up` made, cluster or containers. Logs and data stay until they are named.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use seatrial_harness::bootstrap::{Clean, Downed, Mode, down, names};
use serde_json::json;

/// Arguments of `down`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the cluster; everything that `up` made where it is left out
    #[arg(value_name = "CLUSTER")]
    clusters: Vec<String>,

    /// Only kind clusters; containers of Docker mode stay
    #[arg(long)]
    kind: bool,

    /// Also its logs and evidence
    #[arg(long)]
    clean_logs: bool,

    /// Also the data on this host
    #[arg(long)]
    clean_pvc: bool,
}

/// Removes and tells what.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let clean = Clean { logs: args.clean_logs, data: args.clean_pvc };
    let mut removed = Vec::new();
    for name in wanted(args, clean)? {
        let downed = down(&name, clean, &context.events).await;
        removed.push(downed.map_err(|error| Failure::new(Exit::Leftovers, chain(&error)))?);
    }
    let names: Vec<&str> = removed.iter().filter(|one| one.stood).map(|one| one.name.as_str()).collect();
    let value = json!({ "schema": "seatrial.down/v1", "removed": names, "details": removed });
    context.printer.answer(&value, || text(&removed));
    Ok(Exit::Good)
}

fn wanted(args: &Args, clean: Clean) -> Result<Vec<String>, Failure> {
    let known = names(clean, args.kind.then_some(Mode::Kind));
    if args.clusters.is_empty() {
        return Ok(known);
    }
    match args.clusters.iter().find(|name| !known.contains(name)) {
        Some(unknown) => {
            Err(Failure::usage(format!("`up` made no cluster {unknown}; `seatrial list` shows what stands")))
        }
        None => Ok(args.clusters.clone()),
    }
}

fn text(removed: &[Downed]) -> String {
    if removed.is_empty() {
        return "nothing stands that `up` made".to_owned();
    }
    removed.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(downed: &Downed) -> String {
    let mut parts = vec![if downed.stood { "removed" } else { "did not stand" }.to_owned()];
    if !downed.logs.is_empty() {
        parts.push("logs removed".to_owned());
    }
    parts.extend(downed.data.iter().map(|_| "data removed".to_owned()));
    parts.extend(downed.kept.iter().map(|dir| format!("its data stays in {dir} (`down --clean-pvc` removes it)")));
    format!("{}: {}", downed.name, parts.join(", "))
}
