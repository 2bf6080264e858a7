//! `cut: { deploy/x: svc/y:http }`: packets between a workload's pods and a Service port are dropped, in the pods' own
//! network namespaces and nowhere else. No side is told: no FIN, no RST, no ICMP. It is undone after the clause, and by
//! the node itself where nobody is left to do that.

use super::address::port_of;
use super::faults::{Undo, containers};
use super::look::Looker;
use crate::command::Cmd;
use crate::readiness::text;
use indexmap::IndexMap;
use seatrial_contracts::model::Target;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long one command on a node may take.
const COMMAND: Duration = Duration::from_secs(10);

/// When a node undoes it by itself, in seconds.
const LONGEST: &str = "900";

/// The name of the network namespace of each container's pod.
const IDENTIFY: &str = r#"
for id in "$@"; do
  for root in /sys/fs/cgroup/memory /sys/fs/cgroup; do
    dir=$(find "$root" -maxdepth 8 -type d -name "*$id*" 2>/dev/null | head -n 1)
    [ -n "$dir" ] && break
  done
  pid=$(find "${dir:-/nowhere}" -name cgroup.procs -exec cat {} + 2>/dev/null | head -n 1)
  net=$(ip netns identify "${pid:-0}" 2>/dev/null)
  [ -n "$net" ] || { echo "container $id has no network of its own" >&2; exit 1; }
  echo "$net"
done
"#;

/// Drops what matches, in these namespaces, all at once; and takes that back after a time, whoever is gone by then.
const CUT: &str = r#"
table=$1; address=$2; port=$3; longest=$4; shift 4
for net in "$@"; do
  nsenter --net="/run/netns/$net" nft -f - <<RULES || exit 1
table inet $table {
  chain out { type filter hook output priority -300; ${address:+ip daddr $address} tcp dport $port counter drop; }
  chain in { type filter hook input priority -300; ${address:+ip saddr $address} tcp sport $port counter drop; }
}
RULES
  setsid sh -c "sleep $longest; nsenter --net=/run/netns/$net nft delete table inet $table" >/dev/null 2>&1 </dev/null &
done
"#;

/// Takes it back. A namespace that is gone took its rules along.
const MEND: &str = r#"
table=$1; shift
for net in "$@"; do
  [ -e "/run/netns/$net" ] || continue
  nsenter --net="/run/netns/$net" nft list table inet "$table" >/dev/null 2>&1 || continue
  nsenter --net="/run/netns/$net" nft delete table inet "$table" || exit 1
done
"#;

/// Cuts each line.
pub(super) async fn cut(looker: &mut Looker<'_>, lines: &IndexMap<String, Target>) -> Result<Instant, String> {
    let mut all = Vec::new();
    for (written, to) in lines {
        let from: Target =
            written.parse().map_err(|broken: seatrial_contracts::model::TargetError| broken.to_string())?;
        let (address, port) = end_of(looker, to).await?;
        for (node, ids) in containers(looker, &from).await? {
            let nets = identified(looker, &node, &ids).await?;
            all.push((node, nets, address.clone(), port));
        }
    }
    let since = Instant::now();
    for (node, nets, address, port) in all {
        let table = format!("seatrial_{}", crate::run_id::RunId::random());
        // Before it is done: a cut that went half through is undone, too.
        looker.undo.push(Undo::Mend { node: node.clone(), table: table.clone(), nets: nets.clone() });
        let port = port.to_string();
        run(looker, &node, CUT, &[&[&*table, &address, &port, LONGEST][..], &borrowed(&nets)].concat()).await?;
    }
    Ok(since)
}

/// Lets the packets go again.
pub(super) async fn mend(looker: &Looker<'_>, node: &str, table: &str, nets: &[String]) -> Result<(), String> {
    run(looker, node, MEND, &[&[table][..], &borrowed(nets)].concat()).await.map(drop)
}

/// Address and number of a Service port, as packets from a pod bear them; a headless Service has no address of its own.
async fn end_of(looker: &Looker<'_>, to: &Target) -> Result<(String, u64), String> {
    let Target::Service { name, port, .. } = to else { return Err(format!("{to} is no Service")) };
    let service = looker.addresses.find(name).await.map_err(|failed| failed.message)?;
    let found = port_of(&service, port.as_ref()).ok_or_else(|| format!("{to} is no port of a Service"))?;
    Ok(bearing(&service, found))
}

fn bearing(service: &Value, port: &Value) -> (String, u64) {
    let number = |key: &str| port[key].as_u64();
    match text(service, "/spec/clusterIP") {
        "" | "None" => (String::new(), number("targetPort").or_else(|| number("port")).unwrap_or_default()),
        address => (address.to_owned(), number("port").unwrap_or_default()),
    }
}

async fn identified(looker: &Looker<'_>, node: &str, ids: &[String]) -> Result<Vec<String>, String> {
    let told = run(looker, node, IDENTIFY, &borrowed(ids)).await?;
    let mut nets: Vec<String> = told.lines().map(ToOwned::to_owned).collect();
    nets.sort();
    nets.dedup();
    Ok(nets)
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

async fn run(looker: &Looker<'_>, node: &str, script: &str, args: &[&str]) -> Result<String, String> {
    let cmd = Cmd::new(&looker.targets.site.tools.docker)
        .args(["exec", node, "sh", "-c", script, "cut"])
        .args(args)
        .timeout(COMMAND);
    let finished = cmd.run_ok().await.map_err(|failed| failed.to_string())?;
    Ok(finished.text().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn packets_bear_the_services_address_and_port() {
        let port = json!({ "port": 80, "targetPort": 8080 });
        let service = |address: &str| json!({ "spec": { "clusterIP": address } });
        assert_eq!(bearing(&service("10.96.0.9"), &port), ("10.96.0.9".to_owned(), 80));
        assert_eq!(bearing(&service("None"), &port), (String::new(), 8080));
        assert_eq!(bearing(&service("None"), &json!({ "port": 80, "targetPort": "http" })), (String::new(), 80));
    }
}
