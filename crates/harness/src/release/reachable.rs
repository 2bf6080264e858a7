//! Reachable again: after a release was replaced or its pods were, kube-proxy and DNS need their moment; who looks
//! next shall not pay for it.

use super::manifest::objects;
use super::site::Site;
use super::stage::Stage;
use crate::readiness::name_of;
use seatrial_observation::{Look, ProbeSpec, Reason, TcpSpec};
use seatrial_probes::wait::{self, Patience};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

impl Site {
    /// Waits until every TCP port of the release's Services accepts from a pod. One that never does is what the
    /// clauses will see; it is waited for once only.
    pub(crate) async fn until_reachable_again(&self, stage: &Stage<'_>) {
        let key = stage.key();
        if self.unreachable().contains(&key) {
            return;
        }
        if !self.is_reachable(stage).await {
            self.unreachable().insert(key);
        }
    }

    fn unreachable(&self) -> MutexGuard<'_, HashSet<String>> {
        self.unreachable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn is_reachable(&self, stage: &Stage<'_>) -> bool {
        let prober = self.prober(stage.namespace());
        let patience = Patience::backoff(PATIENCE, Duration::from_millis(10), Duration::from_millis(200));
        for (host, port) in endpoints(&stage.environment.rendered) {
            let spec = ProbeSpec::Tcp(TcpSpec { host: host.clone(), port });
            let accepted = wait::until(&patience, async || {
                let outcome = prober.ask(&spec, Duration::from_secs(1)).await?;
                Ok::<_, crate::prober::ProberError>(match outcome.result {
                    Ok(_) => Look::Ready(()),
                    Err(failure) => Look::Pending(Reason::of(format!("svc/{host}"), failure.message)),
                })
            });
            if accepted.await.is_err() {
                return false;
            }
        }
        true
    }
}

/// Name and port of each TCP port of each Service that has pods behind it.
fn endpoints(rendered: &str) -> Vec<(String, u16)> {
    let services = objects(rendered).into_iter().filter(|one| one["kind"] == "Service");
    let with_pods = services.filter(|one| one.pointer("/spec/selector").is_some());
    with_pods.flat_map(|service| ports(&service)).collect()
}

fn ports(service: &Value) -> Vec<(String, u16)> {
    let ports = service.pointer("/spec/ports").and_then(Value::as_array);
    let tcp = ports.into_iter().flatten().filter(|port| port.get("protocol").is_none_or(|one| one == "TCP"));
    let numbers = tcp.filter_map(|port| u16::try_from(port["port"].as_u64()?).ok());
    numbers.map(|number| (name_of(service).to_owned(), number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_without_pods_behind_them_are_not_waited_for() {
        let rendered = "kind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [{ port: 80 }, { port: 53, protocol: UDP }] }\n---\nkind: Service\nmetadata: { name: outside }\nspec: { type: ExternalName }\n";
        assert_eq!(endpoints(rendered), [("web".to_owned(), 80)]);
    }
}
