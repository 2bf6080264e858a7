//! `restartNode`: all that runs on the nodes is killed at once, as a machine that crashes does it, and the node's own
//! system starts again. The container that is the node stays: the engine would give a restarted one other host ports,
//! and every kubeconfig and every mapped port of the run would be wrong.

use super::look::{Looker, running_containers};
use crate::command::Cmd;
use seatrial_contracts::model::Target;
use seatrial_observation::{Look, Reason};
use seatrial_probes::wait::{self, Patience};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How long killing and starting may take.
const RESTART: Duration = Duration::from_mins(1);

/// How long it may take until the API server tells of nothing that ran before.
const BACK: Duration = Duration::from_mins(3);

/// Each container has a shim as its parent, which would report its end; with both gone, nothing remembers it. What is
/// called like a shim is cut to 15 characters by the kernel.
const SCRIPT: &str = "
systemctl stop kubelet containerd
shims=$(pgrep -x containerd-shim)
[ -n \"$shims\" ] || { echo 'nothing runs on this node' >&2; exit 1; }
for shim in $shims; do pkill -KILL -P \"$shim\"; done
kill -KILL $shims
systemctl start containerd kubelet
";

/// Restarts what runs on every node, and waits until the cluster knows of nothing that ran before.
pub(super) async fn restart_node(looker: &Looker<'_>) -> Result<Instant, String> {
    let site = looker.targets.site;
    if !site.cluster.capabilities.node_access {
        return Err("the provider gives no access to the node".to_owned());
    }
    let before = running(looker).await?;
    // Whatever else stands on this cluster was killed, too.
    site.doubt_others(&looker.targets.stage).map_err(|failed| failed.to_string())?;
    let since = Instant::now();
    for node in &site.cluster.nodes {
        let docker = Cmd::new(&site.tools.docker).args(["exec", node, "sh", "-c", SCRIPT]).timeout(RESTART);
        docker.run_ok().await.map_err(|failed| failed.to_string())?;
    }
    until_back(looker, &before).await?;
    Ok(since)
}

async fn running(looker: &Looker<'_>) -> Result<BTreeSet<String>, String> {
    let pods = looker.targets.pods(&Target::every_pod()).await.map_err(|failed| failed.message)?;
    Ok(running_containers(&pods).into_values().flat_map(BTreeMap::into_keys).collect())
}

/// The API server is away for a while, and then tells what it was told before the crash.
async fn until_back(looker: &Looker<'_>, before: &BTreeSet<String>) -> Result<(), String> {
    let patience = Patience::steady(BACK.mul_f64(looker.targets.site.slow.max(1.0)), Duration::from_millis(250));
    let back = wait::until(&patience, async || {
        let now = running(looker).await?;
        Ok::<_, String>(if now.is_disjoint(before) {
            Look::Ready(())
        } else {
            Look::Pending(Reason::new("the API server still tells of containers that were killed"))
        })
    });
    back.await.map_err(|failed| failed.to_string())
}
