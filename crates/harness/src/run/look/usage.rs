//! `usage`: the memory of containers, by their cgroups where the node can be entered, else by the kubelet's figures.

use super::{Looker, PROBE, cgroup, containers};
use crate::readiness::{name_of, text};
use crate::run::address::error;
use seatrial_contracts::model::{Target, UsageOf};
use seatrial_observation::{LookError, Seen, Usage};
use serde_json::Value;
use std::collections::BTreeMap;

impl Looker<'_> {
    pub(super) async fn usage(&mut self, of: &UsageOf) -> Result<Seen, LookError> {
        let used = match of {
            UsageOf::Node => self.node_usage().await?,
            UsageOf::Workload(target) => self.pod_usage(&self.targets.pods(target).await?).await?,
            UsageOf::Namespace => self.pod_usage(&self.targets.pods(&Target::every_pod()).await?).await?,
        };
        Ok(Seen::Usage(used))
    }

    async fn node_usage(&self) -> Result<Vec<Usage>, LookError> {
        let Some(node) = self.targets.site.cluster.nodes.first() else {
            return Err(error("the provider gives no access to the node".to_owned()));
        };
        self.cgroups(node, &BTreeMap::from([("/".to_owned(), "node".to_owned())])).await
    }

    async fn pod_usage(&mut self, pods: &[Value]) -> Result<Vec<Usage>, LookError> {
        if !self.targets.site.cluster.capabilities.node_access {
            return self.summaries(pods).await;
        }
        let mut used = Vec::new();
        for (node, ids) in running_containers(pods) {
            used.extend(self.cgroups(&node, &ids).await?);
        }
        Ok(used)
    }

    /// Container id → what it is.
    async fn cgroups(&self, node: &str, ids: &BTreeMap<String, String>) -> Result<Vec<Usage>, LookError> {
        let asked: Vec<String> = ids.keys().cloned().collect();
        let cmd = crate::command::Cmd::new(&self.targets.site.tools.docker)
            .args(["exec", node, "sh", "-c", cgroup::SCRIPT, "cgroup"])
            .args(&asked)
            .timeout(PROBE);
        let printed = cmd.run_ok().await.map_err(|failed| error(failed.to_string()))?;
        let memory = cgroup::parse(&printed.stdout);
        if let Some(missing) = cgroup::missing(&asked, &memory) {
            return Err(error(missing));
        }
        let usage = memory.into_iter().map(|one| Usage {
            of: ids.get(&one.id).cloned().unwrap_or(one.id),
            working_set_bytes: one.working_set,
            limit_bytes: one.limit,
        });
        Ok(usage.collect())
    }
}

/// Node → container id → `pod/x container/y`, of what runs now.
pub(in crate::run) fn running_containers(pods: &[Value]) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut nodes: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for pod in pods {
        for status in containers(pod).filter(|status| status.pointer("/state/running").is_some()) {
            let id = text(status, "/containerID").rsplit('/').next().unwrap_or_default().to_owned();
            let name = format!("pod/{} container/{}", name_of(pod), text(status, "/name"));
            nodes.entry(text(pod, "/spec/nodeName").to_owned()).or_default().insert(id, name);
        }
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_running_containers_use_memory() {
        let pod = json!({
            "metadata": { "name": "web-0" }, "spec": { "nodeName": "n1" },
            "status": { "containerStatuses": [
                { "name": "web", "containerID": "containerd://abc", "state": { "running": {} } },
                { "name": "old", "containerID": "containerd://def", "state": { "terminated": {} } },
            ] },
        });
        let expected = BTreeMap::from([("abc".to_owned(), "pod/web-0 container/web".to_owned())]);
        assert_eq!(running_containers(&[pod]), BTreeMap::from([("n1".to_owned(), expected)]));
    }
}
