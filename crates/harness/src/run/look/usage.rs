//! `usage`: memory and CPU of containers, by their cgroups where the node can be entered, else by the kubelet's figures.

use super::{Looker, PROBE, cgroup, containers};
use crate::readiness::{name_of, text};
use crate::run::address::error;
use seatrial_contracts::model::{Target, UsageCheck, UsageOf};
use seatrial_observation::{LookError, Seen, Usage};
use seatrial_probes::wait;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Instant;

/// What a container is, and what its cgroup says.
type Groups = Vec<(String, cgroup::Group)>;

impl Looker<'_> {
    pub(super) async fn usage(&mut self, check: &UsageCheck) -> Result<Seen, LookError> {
        let has_node = self.targets.site.cluster.capabilities.node_access;
        if check.of != UsageOf::Node && !has_node {
            let pods = self.used_by(&check.of).await?;
            return Ok(Seen::Usage(self.summaries(&pods).await?));
        }
        let mut groups = self.groups(&check.of).await?;
        let mut rates = BTreeMap::new();
        if check.cpu.is_some() {
            if self.cpu.is_empty() {
                self.cpu.rates(Instant::now(), &counts(&groups));
            }
            if let Some(left) = self.cpu.wait(Instant::now()) {
                wait::pause(left).await;
                groups = self.groups(&check.of).await?;
            }
            rates = self.cpu.rates(Instant::now(), &counts(&groups));
        }
        let usage = groups.into_iter().map(|(of, group)| Usage {
            working_set_bytes: group.working_set,
            limit_bytes: group.limit,
            cpu_nanocores: rates.get(&group.id).copied(),
            cpu_limit_nanocores: group.cpu_limit,
            of,
        });
        Ok(Seen::Usage(usage.collect()))
    }

    async fn used_by(&self, of: &UsageOf) -> Result<Vec<Value>, LookError> {
        match of {
            UsageOf::Workload(target) => self.targets.pods(target).await,
            UsageOf::Namespace | UsageOf::Node => self.targets.pods(&Target::every_pod()).await,
        }
    }

    async fn groups(&self, of: &UsageOf) -> Result<Groups, LookError> {
        if *of == UsageOf::Node {
            let Some(node) = self.targets.site.cluster.nodes.first() else {
                return Err(error("the provider gives no access to the node".to_owned()));
            };
            return self.cgroups(node, &BTreeMap::from([("/".to_owned(), "node".to_owned())])).await;
        }
        let mut used = Vec::new();
        for (node, ids) in running_containers(&self.used_by(of).await?) {
            used.extend(self.cgroups(&node, &ids).await?);
        }
        Ok(used)
    }

    /// Container id → what it is.
    async fn cgroups(&self, node: &str, ids: &BTreeMap<String, String>) -> Result<Groups, LookError> {
        let asked: Vec<String> = ids.keys().cloned().collect();
        let cmd = crate::command::Cmd::new(&self.targets.site.tools.docker)
            .args(["exec", node, "sh", "-c", cgroup::SCRIPT, "cgroup"])
            .args(&asked)
            .timeout(PROBE);
        let printed = cmd.run_ok().await.map_err(|failed| error(failed.to_string()))?;
        let groups = cgroup::parse(&printed.stdout);
        if let Some(missing) = cgroup::missing(&asked, &groups) {
            return Err(error(missing));
        }
        Ok(groups.into_iter().map(|one| (ids.get(&one.id).unwrap_or(&one.id).clone(), one)).collect())
    }
}

fn counts(groups: &[(String, cgroup::Group)]) -> super::cpu::Counts {
    groups.iter().filter_map(|(_, group)| Some((group.id.clone(), group.cpu_ns?))).collect()
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
