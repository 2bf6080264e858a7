//! The kubelet's own figures of memory and CPU, where no node can be entered.

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
            for (name, container) in of_summary(&summary, self.targets.stage.namespace()) {
                if ids.values().any(|known| *known == name) {
                    stamp.push_str(text(container, "/memory/time"));
                    used.push(used_by(name, container, pods));
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
        containers.map(move |one| (format!("pod/{} container/{}", text(pod, "/podRef/name"), text(one, "/name")), one))
    })
}

fn used_by(of: String, container: &Value, pods: &[Value]) -> Usage {
    let limit = |resource: &str| limit(&of, resource, pods);
    Usage {
        working_set_bytes: container["memory"]["workingSetBytes"].as_u64().unwrap_or(0),
        limit_bytes: limit("memory").map(whole),
        cpu_nanocores: container["cpu"]["usageNanoCores"].as_u64(),
        cpu_limit_nanocores: limit("cpu").map(|cores| whole(cores * 1e9)),
        of,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an amount above zero, far below 2^52")]
fn whole(amount: f64) -> u64 {
    amount.round() as u64
}

/// The limit that the pod's spec writes.
fn limit(of: &str, resource: &str, pods: &[Value]) -> Option<f64> {
    let containers = pods.iter().flat_map(|pod| {
        let all = pod.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten();
        all.map(move |one| (format!("pod/{} container/{}", crate::readiness::name_of(pod), text(one, "/name")), one))
    });
    let (_, container) = containers.into_iter().find(|(name, _)| name == of)?;
    let written = container.pointer("/resources/limits")?.get(resource)?;
    let text = written.as_str().map_or_else(|| written.to_string(), ToOwned::to_owned);
    seatrial_contracts::units::quantity(&text).filter(|amount| *amount > 0.0)
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

    #[test]
    fn limits_are_those_of_the_spec() {
        let limits = json!({ "cpu": "500m", "memory": "64Mi" });
        let pod = json!({
            "metadata": { "name": "web-0" },
            "spec": { "containers": [{ "name": "web", "resources": { "limits": limits } }, { "name": "free" }] },
        });
        let container = json!({ "memory": { "workingSetBytes": 5 }, "cpu": { "usageNanoCores": 7 } });
        let used = used_by("pod/web-0 container/web".to_owned(), &container, std::slice::from_ref(&pod));
        let seen = (used.limit_bytes, used.cpu_nanocores, used.cpu_limit_nanocores);
        assert_eq!(seen, (Some(67_108_864), Some(7), Some(500_000_000)));
        assert_eq!(used_by("pod/web-0 container/free".to_owned(), &container, &[pod]).limit_bytes, None);
    }
}
