//! `logs`: what containers have said, less the values of Secrets.

use super::{Looker, containers};
use crate::readiness::{name_of, text};
use crate::run::address::error;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use seatrial_contracts::model::{LogsCheck, Target};
use seatrial_observation::{LogStream, LookError, Seen};
use serde_json::Value;

/// The most lines of one log.
const LINES: i64 = 10_000;

impl Looker<'_> {
    pub(super) async fn logs(&self, check: &LogsCheck) -> Result<Seen, LookError> {
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        if !site.evidence.learn(&site.objects, namespace).await {
            return Err(error("the namespace's Secrets can't be read, so no log is either".to_owned()));
        }
        let pods = self.targets.pods(check.of.as_ref().unwrap_or(&Target::every_pod())).await?;
        let mut streams = Vec::new();
        for pod in &pods {
            for status in containers(pod) {
                let restarts = status["restartCount"].as_i64().unwrap_or(0);
                for is_previous in [true, false].into_iter().filter(|previous| !previous || restarts > 0) {
                    streams.extend(self.stream(pod, text(status, "/name"), is_previous).await?);
                }
            }
        }
        Ok(Seen::Logs(streams))
    }

    async fn stream(&self, pod: &Value, container: &str, is_previous: bool) -> Result<Option<LogStream>, LookError> {
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        let params = LogParams {
            container: Some(container.to_owned()),
            previous: is_previous,
            tail_lines: Some(LINES),
            since_time: self.logs_since,
            ..LogParams::default()
        };
        let api: Api<Pod> = Api::namespaced(site.objects.client.clone(), namespace);
        let log = match api.logs(name_of(pod), &params).await {
            Ok(log) => site.evidence.clean(&log),
            // Not started yet, or the previous run's log is gone: there is nothing to be read.
            Err(kube::Error::Api(status)) if status.code == 400 || status.code == 404 => return Ok(None),
            Err(refused) => return Err(error(format!("log of pod/{} {container}: {refused}", name_of(pod)))),
        };
        let lines = log.lines().map(ToOwned::to_owned).collect();
        Ok(Some(LogStream { pod: name_of(pod).to_owned(), container: container.to_owned(), is_previous, lines }))
    }
}
