//! How containers ended, with the last lines of those that did not end well.

use super::{Looker, containers};
use crate::readiness::{name_of, text};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use seatrial_observation::{ContainerEnd, LookError};
use serde_json::Value;

/// How many lines tell why a container ended.
const LAST: i64 = 12;

/// How many of them are kept: a Job that is tried again and again says the same each time.
const MOST: usize = 20;

impl Looker<'_> {
    /// Of these pods: every container that has ended, the first to end first.
    pub(super) async fn ends(&self, pods: &[Value]) -> Result<Vec<ContainerEnd>, LookError> {
        let mut all: Vec<(&Value, &Value, &Value)> = Vec::new();
        for pod in pods {
            for status in containers(pod) {
                // A container that runs again has its last end in its last state.
                let ended = ["/state/terminated", "/lastState/terminated"].iter().find_map(|at| status.pointer(at));
                all.extend(ended.map(|ended| (pod, status, ended)));
            }
        }
        all.sort_by_key(|(_, _, ended)| text(ended, "/finishedAt").to_owned());
        let dropped = all.len().saturating_sub(MOST);
        let mut ends = Vec::new();
        for (pod, status, ended) in all.into_iter().skip(dropped) {
            let code = ended["exitCode"].as_i64().unwrap_or(-1);
            let is_previous = status.pointer("/state/terminated").is_none();
            let tail = if code == 0 { Vec::new() } else { self.tail(pod, text(status, "/name"), is_previous).await? };
            let (pod, container) = (name_of(pod).to_owned(), text(status, "/name").to_owned());
            ends.push(ContainerEnd { pod, container, code, tail });
        }
        Ok(ends)
    }

    /// A log that can't be read any more leaves the tail empty.
    async fn tail(&self, pod: &Value, container: &str, is_previous: bool) -> Result<Vec<String>, LookError> {
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        // Who may not read the Secrets could not take them out.
        if !site.evidence.learn(&site.objects, namespace).await {
            return Ok(Vec::new());
        }
        let params = LogParams {
            container: Some(container.to_owned()),
            previous: is_previous,
            tail_lines: Some(LAST),
            ..LogParams::default()
        };
        let api: Api<Pod> = Api::namespaced(site.objects.client.clone(), namespace);
        let log = api.logs(name_of(pod), &params).await.unwrap_or_default();
        Ok(site.evidence.clean(&log).lines().map(ToOwned::to_owned).collect())
    }
}
