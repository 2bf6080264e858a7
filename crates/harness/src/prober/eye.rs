//! A prober in a place of its own, for one clause: in a stranger's pod, inside a workload's pod, or in the node's
//! network. What was made for it goes with it; an ephemeral container stays until its pod goes, as Kubernetes has it.

use super::{GIVE_UP, ProberError, pod_spec};
use crate::cluster::{RUN_LABEL, SYSTEM_NAMESPACE};
use crate::forward::{Destination, Forward};
use crate::ours;
use crate::readiness::{name_of, text};
use crate::release::{ApiError, Objects};
use crate::run_id::RunId;
use indexmap::IndexMap;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{Patch, PatchParams};
use seatrial_observation::{Look, ProbeOutcome, ProbeSpec, Reason};
use seatrial_probes::client;
use seatrial_probes::server::PORT;
use seatrial_probes::wait::{self, Patience};
use serde_json::{Value, json};
use std::time::Duration;

/// Where it listens inside a workload's pod: not where a prober of the workload itself would.
const INSIDE: u16 = 18_077;

/// Name of the ephemeral container; one that ended can't be started again, and the next has another number.
const CONTAINER: &str = "seatrial-eye-";

/// How long the API server may refuse a pod in a namespace that is being made.
const ADMISSION: Duration = Duration::from_secs(10);

/// A pod that is nobody's, by what policies go by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stranger<'a> {
    /// Its namespace; made where it is missing.
    pub(crate) namespace: &'a str,
    /// Its labels. Ours are added, so that nothing counts it to a release.
    pub(crate) labels: &'a IndexMap<String, String>,
    /// Its service account.
    pub(crate) service_account: Option<&'a str>,
}

/// With what it is made.
#[derive(Clone, Copy)]
pub(crate) struct Maker<'a> {
    pub(crate) objects: &'a Objects,
    pub(crate) image: &'a str,
    pub(crate) run: &'a RunId,
}

/// A prober that looks from there.
pub(crate) struct Eye {
    objects: Objects,
    forward: Forward,
    /// Kind, namespace and name of what goes with it.
    made: Vec<(&'static str, String, String)>,
}

impl Eye {
    /// As a stranger.
    pub(crate) async fn of_stranger(maker: Maker<'_>, stranger: Stranger<'_>) -> Result<Self, ProberError> {
        let mut made = Vec::new();
        if maker.objects.get("Namespace", "", stranger.namespace).await?.is_none() {
            maker.objects.apply("", &namespace(stranger.namespace, maker.run)).await?;
            made.push(("Namespace", String::new(), stranger.namespace.to_owned()));
        }
        let pod = stranger_pod(maker, stranger);
        Self::in_pod_of_ours(maker, stranger.namespace, &pod, made).await
    }

    /// In the network of a node.
    pub(crate) async fn of_node(maker: Maker<'_>) -> Result<Self, ProberError> {
        Self::in_pod_of_ours(maker, SYSTEM_NAMESPACE, &node_pod(maker), Vec::new()).await
    }

    /// As a workload, from inside one of its pods.
    pub(crate) async fn inside(maker: Maker<'_>, namespace: &str, pod: &Value) -> Result<Self, ProberError> {
        if let Some(name) = next_container(pod) {
            let api: Api<Pod> = Api::namespaced(maker.objects.client.clone(), namespace);
            let patch = Patch::Strategic(json!({ "spec": { "ephemeralContainers": [container(&name, maker.image)] } }));
            let patched = api.patch_ephemeral_containers(name_of(pod), &PatchParams::default(), &patch).await;
            patched.map_err(ApiError::doing(format!("ephemeral container in pod/{}", name_of(pod))))?;
        }
        let forward = forward(maker.objects, namespace, name_of(pod), INSIDE).await?;
        Ok(Self { objects: maker.objects.clone(), forward, made: Vec::new() })
    }

    /// Has it probe.
    pub(crate) async fn ask(&self, spec: &ProbeSpec, timeout: Duration) -> Result<ProbeOutcome, ProberError> {
        Ok(client::ask(&self.forward.base(), spec, timeout).await?)
    }

    /// Removes what was made for it. What can't be removed now goes with the cluster, or with the run's label.
    pub(crate) async fn close(self) {
        for (kind, namespace, name) in self.made.iter().rev() {
            let _ = self.objects.delete(kind, namespace, name).await;
        }
    }

    async fn in_pod_of_ours(
        maker: Maker<'_>,
        namespace: &str,
        pod: &Value,
        mut made: Vec<(&'static str, String, String)>,
    ) -> Result<Self, ProberError> {
        until_admitted(maker.objects, namespace, pod).await?;
        made.push(("Pod", namespace.to_owned(), name_of(pod).to_owned()));
        let opened = forward(maker.objects, namespace, name_of(pod), PORT).await;
        let objects = maker.objects.clone();
        match opened {
            Ok(forward) => Ok(Self { objects, forward, made }),
            Err(error) => {
                for (kind, namespace, name) in made.iter().rev() {
                    let _ = objects.delete(kind, namespace, name).await;
                }
                Err(error)
            }
        }
    }
}

/// A new namespace takes a moment until its service account is there, and with it pods.
async fn until_admitted(objects: &Objects, namespace: &str, pod: &Value) -> Result<(), ProberError> {
    let patience = Patience::steady(ADMISSION, Duration::from_millis(50));
    let admitted = wait::until(&patience, async || {
        Ok::<_, ApiError>(match objects.apply(namespace, pod).await {
            Ok(()) => Look::Ready(()),
            Err(refused) if refused.to_string().contains("serviceaccount") => {
                Look::Pending(Reason::new(refused.to_string()))
            }
            Err(refused) => return Err(refused),
        })
    });
    admitted.await.map_err(|error| ProberError::Admission(error.to_string()))
}

async fn forward(objects: &Objects, namespace: &str, pod: &str, port: u16) -> Result<Forward, ProberError> {
    let to = Destination {
        namespace: namespace.to_owned(),
        selector: Value::Null,
        pod: Some(pod.to_owned()),
        port,
        what: format!("pod/{pod}"),
    };
    Ok(Forward::open(objects, to, "/healthz", GIVE_UP).await?)
}

fn labels(run: &RunId) -> Value {
    json!({ ours::LABEL: ours::OURS, RUN_LABEL: run.as_str() })
}

fn namespace(name: &str, run: &RunId) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels(run) } })
}

fn stranger_pod(maker: Maker<'_>, stranger: Stranger<'_>) -> Value {
    let mut all = json!(stranger.labels);
    if let (Some(all), Value::Object(ours)) = (all.as_object_mut(), labels(maker.run)) {
        all.extend(ours);
    }
    let mut spec = pod_spec(maker.image);
    spec["restartPolicy"] = json!("Never");
    // Never ready: with the labels of a Service's pods it must not be taken for one of them.
    spec["readinessGates"] = json!([{ "conditionType": "seatrial.dev/never" }]);
    if let Some(account) = stranger.service_account {
        spec["serviceAccountName"] = json!(account);
    }
    let name = format!("seatrial-stranger-{}", RunId::random());
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "labels": all }, "spec": spec })
}

fn node_pod(maker: Maker<'_>) -> Value {
    let mut spec = pod_spec(maker.image);
    spec["restartPolicy"] = json!("Never");
    spec["hostNetwork"] = json!(true);
    spec["dnsPolicy"] = json!("ClusterFirstWithHostNet");
    let name = format!("seatrial-node-{}", RunId::random());
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "labels": labels(maker.run) }, "spec": spec })
}

/// The container to be added; `None` where one of ours runs in the pod.
fn next_container(pod: &Value) -> Option<String> {
    let known = pod.pointer("/spec/ephemeralContainers").and_then(Value::as_array).into_iter().flatten();
    let ours: Vec<&str> = known.map(|one| text(one, "/name")).filter(|name| name.starts_with(CONTAINER)).collect();
    let statuses = pod.pointer("/status/ephemeralContainerStatuses").and_then(Value::as_array).into_iter().flatten();
    let mut ended = statuses.filter(|one| one.pointer("/state/terminated").is_some()).map(|one| text(one, "/name"));
    let is_running = ours.last().is_some_and(|last| !ended.any(|name| name == *last));
    (!is_running).then(|| format!("{CONTAINER}{}", ours.len()))
}

/// As the standard `restricted` admits it.
fn container(name: &str, image: &str) -> Value {
    json!({
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": [format!("0.0.0.0:{INSIDE}")],
        "securityContext": {
            "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532,
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
            "seccompProfile": { "type": "RuntimeDefault" },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(names: &[&str], ended: &[&str]) -> Value {
        let containers: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
        let ended: Vec<Value> =
            ended.iter().map(|name| json!({ "name": name, "state": { "terminated": {} } })).collect();
        json!({
            "metadata": { "name": "web-0" },
            "spec": { "ephemeralContainers": containers },
            "status": { "ephemeralContainerStatuses": ended },
        })
    }

    #[test]
    fn one_that_runs_is_used_and_one_that_ended_is_followed_by_another() {
        assert_eq!(next_container(&pod(&[], &[])).as_deref(), Some("seatrial-eye-0"));
        assert_eq!(next_container(&pod(&["debugger", "seatrial-eye-0"], &[])), None);
        let ended = pod(&["seatrial-eye-0"], &["seatrial-eye-0"]);
        assert_eq!(next_container(&ended).as_deref(), Some("seatrial-eye-1"));
    }

    #[test]
    fn it_passes_the_restricted_standard() {
        let context = &container("x", "prober:1")["securityContext"];
        assert_eq!(context["runAsNonRoot"], json!(true));
        assert_eq!(context["capabilities"]["drop"], json!(["ALL"]));
        assert_eq!(context["seccompProfile"]["type"], json!("RuntimeDefault"));
    }
}
