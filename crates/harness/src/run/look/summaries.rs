//! The kubelet's own figures of memory, where no node can be entered.

use super::Looker;
use super::usage::running_containers;
use crate::readiness::text;
use crate::run::address::error;
use seatrial_observation::{LookError, Usage};
use serde_json::Value;

impl Looker<'_> {
    /// The kubelet's own figures; it refreshes them every 10 to 15 s, and the same figure twice is one sample.
    pub(super) async fn summaries(&mut self, pods: &[Value]) -> Result<Vec<Usage>, LookError> {
        let (mut used, mut stamp) = (Vec::new(), String::new());
        for (node, ids) in running_containers(pods) {
            let path = format!("/api/v1/nodes/{node}/proxy/stats/summary");
            let request = http::Request::get(path).body(Vec::new()).map_err(|broken| error(broken.to_string()))?;
            let summary: Value = self
                .targets
                .site
                .objects
                .client
                .request(request)
                .await
                .map_err(|refused| error(refused.to_string()))?;
            for (name, memory) in of_summary(&summary, self.targets.stage.namespace()) {
                if ids.values().any(|known| *known == name) {
                    stamp.push_str(text(memory, "/time"));
                    let working_set_bytes = memory["workingSetBytes"].as_u64().unwrap_or(0);
                    used.push(Usage { of: name, working_set_bytes, limit_bytes: None });
                }
            }
        }
        if stamp == self.last_summary {
            return Err(error("the kubelet has no newer figures yet".to_owned()));
        }
        self.last_summary = stamp;
        Ok(used)
    }
}

fn of_summary<'a>(summary: &'a Value, namespace: &'a str) -> impl Iterator<Item = (String, &'a Value)> {
    let pods = summary["pods"].as_array().into_iter().flatten();
    let ours = pods.filter(move |pod| text(pod, "/podRef/namespace") == namespace);
    ours.flat_map(|pod| {
        let containers = pod["containers"].as_array().into_iter().flatten();
        containers.map(move |one| {
            (format!("pod/{} container/{}", text(pod, "/podRef/name"), text(one, "/name")), &one["memory"])
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_kubelets_summary_is_read_for_one_namespace() {
        let pod = |namespace: &str| {
            json!({
                "podRef": { "name": "web-0", "namespace": namespace },
                "containers": [{ "name": "web", "memory": { "workingSetBytes": 5, "time": "t" } }],
            })
        };
        let summary = json!({ "pods": [pod("ours"), pod("other")] });
        let found: Vec<String> = of_summary(&summary, "ours").map(|(name, _)| name).collect();
        assert_eq!(found, ["pod/web-0 container/web"]);
    }
}
