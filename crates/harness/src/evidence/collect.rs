//! Collecting: what the cluster shows of a release at this moment. Secrets first: nothing is read before their values
//! are known.

use super::{Evidence, masked};
use crate::readiness::{name_of, text};
use crate::release::{Objects, Site, Stage, objects};
use camino::Utf8Path;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use serde_json::{Value, json};

/// The most of one log.
const LINES: i64 = 2000;
const BYTES: i64 = 1 << 20;

/// How many lines explain a crash.
const LAST: i64 = 12;

impl Evidence {
    /// Learns the namespace's Secrets. Who may not read them writes no logs.
    pub(crate) async fn learn(&self, objects: &Objects, namespace: &str) -> bool {
        match objects.list("Secret", namespace).await {
            Ok(secrets) => {
                self.learn_rendered(&secrets);
                true
            }
            Err(_) => false,
        }
    }

    /// Writes what the cluster shows of the release now.
    pub(crate) async fn collect(&self, site: &Site, stage: &Stage<'_>) {
        let namespace = stage.namespace();
        if !self.learn(&site.objects, namespace).await {
            return;
        }
        let folder = self.folder(stage);
        tokio::join!(
            self.pods(site, namespace, &folder),
            self.events(site, namespace, &folder),
            self.helm(site, stage, &folder)
        );
    }

    /// The end of a crashed container's log, for the reason that names it.
    pub(crate) async fn last_lines(&self, site: &Site, namespace: &str, pod: &str) -> Vec<String> {
        if !self.learn(&site.objects, namespace).await {
            return Vec::new();
        }
        let Ok(Some(found)) = site.objects.get("Pod", namespace, pod).await else { return Vec::new() };
        let Some(container) = most_restarted(&found) else { return Vec::new() };
        let mut lines = Vec::new();
        for previous in [true, false] {
            let params = LogParams {
                container: Some(container.to_owned()),
                previous,
                tail_lines: Some(LAST),
                ..LogParams::default()
            };
            let api: Api<Pod> = Api::namespaced(site.objects.client.clone(), namespace);
            let log = api.logs(pod, &params).await.unwrap_or_default();
            lines = self.clean(&log).lines().map(ToOwned::to_owned).collect();
            if !lines.is_empty() {
                break;
            }
        }
        lines
    }

    async fn pods(&self, site: &Site, namespace: &str, folder: &Utf8Path) {
        let Ok(pods) = site.objects.list("Pod", namespace).await else { return };
        self.write_yaml(&folder.join("pods.yaml"), &pods);
        let pods = pods.iter().filter(|pod| !crate::ours::is_ours(pod));
        futures::future::join_all(pods.flat_map(|pod| self.logs_of(site, namespace, folder, pod))).await;
        let claims = site.objects.list("PersistentVolumeClaim", namespace).await.unwrap_or_default();
        let secrets = site.objects.list("Secret", namespace).await.unwrap_or_default();
        let secrets: Vec<Value> = secrets.into_iter().map(masked).collect();
        self.write_yaml(&folder.join("claims.yaml"), &claims);
        self.write_yaml(&folder.join("secrets.yaml"), &secrets);
    }

    fn logs_of<'a>(
        &'a self,
        site: &'a Site,
        namespace: &'a str,
        folder: &'a Utf8Path,
        pod: &'a Value,
    ) -> Vec<impl Future<Output = ()> + 'a> {
        let mut logs = Vec::new();
        for field in ["/status/initContainerStatuses", "/status/containerStatuses"] {
            for status in pod.pointer(field).and_then(Value::as_array).into_iter().flatten() {
                let restarts = status["restartCount"].as_i64().unwrap_or(0);
                let runs: &[bool] = if restarts > 0 { &[false, true] } else { &[false] };
                logs.extend(runs.iter().map(|previous| {
                    self.one_log(site, namespace, folder, name_of(pod), text(status, "/name"), *previous)
                }));
            }
        }
        logs
    }

    async fn one_log(
        &self,
        site: &Site,
        namespace: &str,
        folder: &Utf8Path,
        pod: &str,
        container: &str,
        previous: bool,
    ) {
        let params = LogParams {
            container: Some(container.to_owned()),
            previous,
            tail_lines: Some(LINES),
            limit_bytes: Some(BYTES),
            timestamps: true,
            ..LogParams::default()
        };
        let api: Api<Pod> = Api::namespaced(site.objects.client.clone(), namespace);
        if let Ok(log) = api.logs(pod, &params).await {
            let suffix = if previous { ".previous" } else { "" };
            self.write(&folder.join("logs").join(format!("{pod}.{container}{suffix}.log")), &log);
        }
    }

    async fn events(&self, site: &Site, namespace: &str, folder: &Utf8Path) {
        let Ok(mut events) = site.objects.list("Event", namespace).await else { return };
        events.sort_by_key(|event| text(event, "/metadata/creationTimestamp").to_owned());
        let lines: Vec<String> = events.iter().map(event_line).collect();
        self.write(&folder.join("events.txt"), &(lines.join("\n") + "\n"));
    }

    async fn helm(&self, site: &Site, stage: &Stage<'_>, folder: &Utf8Path) {
        if let Ok(manifest) = site.helm.manifest(stage.release(), stage.namespace()).await {
            let manifest: Vec<Value> = objects(&manifest.stdout).into_iter().map(masked).collect();
            self.write_yaml(&folder.join("manifest.yaml"), &manifest);
        }
        if let Ok(status) = site.helm.status(stage.release(), stage.namespace()).await {
            let status: Value = serde_json::from_str(&status.stdout).unwrap_or_default();
            // The rest of it is the manifest and the values, Secrets included.
            let kept = json!({
                "name": status["name"], "namespace": status["namespace"],
                "version": status["version"], "info": status["info"],
            });
            self.write(&folder.join("helm-status.json"), &serde_json::to_string_pretty(&kept).unwrap_or_default());
        }
    }

    fn write_yaml(&self, path: &Utf8Path, objects: &[Value]) {
        let documents: Vec<String> = objects.iter().filter_map(|object| serde_yaml::to_string(object).ok()).collect();
        self.write(path, &documents.join("---\n"));
    }
}

fn event_line(event: &Value) -> String {
    let object = format!("{}/{}", text(event, "/involvedObject/kind"), text(event, "/involvedObject/name"));
    let count = event["count"].as_i64().unwrap_or(1);
    let stamp = [text(event, "/lastTimestamp"), text(event, "/eventTime")].into_iter().find(|stamp| !stamp.is_empty());
    let (stamp, kind) = (stamp.unwrap_or("-"), text(event, "/type"));
    format!("{stamp} {kind} {object} {} x{count}: {}", text(event, "/reason"), text(event, "/message"))
}

fn most_restarted(pod: &Value) -> Option<&str> {
    let statuses = ["/status/initContainerStatuses", "/status/containerStatuses"].into_iter();
    let statuses = statuses.filter_map(|field| pod.pointer(field)?.as_array()).flatten();
    statuses.max_by_key(|status| status["restartCount"].as_i64().unwrap_or(0)).map(|status| text(status, "/name"))
}
