//! The prober of a namespace: one small Deployment of ours from which `from: pod` looks. Restricted, without a token,
//! labelled, and exempt from whatever counts the objects of a release.

mod eye;
mod service;

pub(crate) use eye::{Eye, Maker, Stranger};

use crate::cluster::RUN_LABEL;
use crate::forward::{Destination, Forward, ForwardError};
use crate::ours;
use crate::release::{ApiError, Objects};
use crate::run_id::RunId;
use seatrial_observation::{LatencyRun, LatencySpec, ProbeOutcome, ProbeSpec};
use seatrial_probes::client;
use seatrial_probes::server::PORT;
use serde_json::{Value, json};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::Mutex;

/// Name of the Deployment, and of its label.
pub const NAME: &str = "seatrial-prober";

/// How long a prober may take until its first round trip.
const GIVE_UP: Duration = Duration::from_mins(1);

/// Why the prober could not be asked: the apparatus, never a mismatch.
#[derive(Debug, Error)]
pub enum ProberError {
    /// The API server refused it.
    #[error("prober: {0}")]
    Api(#[from] ApiError),
    /// It can't be reached.
    #[error("prober: {0}")]
    Forward(#[from] ForwardError),
    /// Its pod is not admitted.
    #[error("prober: {0}")]
    Admission(String),
    /// It did not answer.
    #[error("prober: {0}")]
    Ask(#[from] client::AskError),
    /// No node port is left for it.
    #[error("prober: no node port is free")]
    NoNodePort,
}

/// The prober of one namespace.
pub struct Prober {
    objects: Objects,
    namespace: String,
    image: String,
    run: RunId,
    forward: Mutex<Option<Forward>>,
}

impl Prober {
    /// The prober of this namespace; nothing is asked yet.
    pub fn of(objects: &Objects, namespace: &str, image: &str, run: &RunId) -> Self {
        let (objects, namespace, image) = (objects.clone(), namespace.to_owned(), image.to_owned());
        Self { objects, namespace, image, run: run.clone(), forward: Mutex::default() }
    }

    /// Puts it there without waiting.
    pub async fn apply(&self) -> Result<(), ProberError> {
        Ok(self.objects.apply(&self.namespace, &manifest(&self.image, &self.run)).await?)
    }

    /// Waits until it has answered once.
    pub async fn until_answering(&self) -> Result<(), ProberError> {
        self.base().await.map(drop)
    }

    /// Has it probe. What the prober can't be asked is an error; what it saw, a failure too, is the outcome.
    pub async fn ask(&self, spec: &ProbeSpec, timeout: Duration) -> Result<ProbeOutcome, ProberError> {
        let base = self.base().await?;
        match client::ask(&base, spec, timeout).await {
            Err(client::AskError::NoAnswer { .. }) => {
                // The way to the prober broke (its pod was replaced): a new way, with its round trip, and once more.
                self.forward.lock().await.take();
                let base = self.base().await?;
                Ok(client::ask(&base, spec, timeout).await?)
            }
            asked => Ok(asked?),
        }
    }

    /// Has it measure a latency.
    pub async fn measure(&self, spec: &LatencySpec) -> Result<LatencyRun, ProberError> {
        Ok(client::ask_latency(&self.base().await?, spec).await?)
    }

    /// A Service in front of it, by name and port.
    pub async fn service(&self) -> Result<(&'static str, u16), ProberError> {
        self.base().await?;
        self.objects.apply(&self.namespace, &service::in_cluster(&self.run)).await?;
        Ok((NAME, PORT))
    }

    /// A node port of it.
    pub async fn node_port(&self) -> Result<u16, ProberError> {
        self.base().await?;
        service::node_port(&self.objects, &self.namespace, &self.run).await
    }

    async fn base(&self) -> Result<String, ProberError> {
        let mut forward = self.forward.lock().await;
        if let Some(forward) = &*forward {
            return Ok(forward.base());
        }
        if self.objects.get("Deployment", &self.namespace, NAME).await?.is_none() {
            self.apply().await?;
        }
        let opened = Forward::open(&self.objects, self.destination(), "/healthz", GIVE_UP).await?;
        Ok(forward.insert(opened).base())
    }

    /// Where a forward to it leads.
    pub(crate) fn destination(&self) -> Destination {
        Destination {
            namespace: self.namespace.clone(),
            selector: json!({ "matchLabels": { "app.kubernetes.io/name": NAME } }),
            pod: None,
            port: PORT,
            what: format!("deploy/{NAME}"),
        }
    }
}

fn manifest(image: &str, run: &RunId) -> Value {
    let labels = json!({
        "app.kubernetes.io/name": NAME,
        ours::LABEL: ours::OURS,
        RUN_LABEL: run.as_str(),
    });
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": NAME, "labels": labels },
        "spec": {
            "replicas": 1,
            "strategy": { "type": "Recreate" },
            "selector": { "matchLabels": { "app.kubernetes.io/name": NAME } },
            "template": { "metadata": { "labels": labels }, "spec": pod_spec(image) },
        },
    })
}

/// A pod of the prober as every namespace admits it: restricted, without a token.
pub(crate) fn pod_spec(image: &str) -> Value {
    json!({
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        // It is PID 1 and keeps nothing: there is nothing to wait for.
        "terminationGracePeriodSeconds": 0,
        "securityContext": {
            "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "containers": [{
            "name": "prober",
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "ports": [{ "name": "http", "containerPort": PORT }],
            "readinessProbe": { "httpGet": { "path": "/healthz", "port": "http" }, "periodSeconds": 1 },
            "resources": {
                "requests": { "cpu": "10m", "memory": "16Mi" },
                "limits": { "cpu": "1", "memory": "128Mi" },
            },
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": { "drop": ["ALL"] },
            },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readiness::text;

    #[test]
    fn it_passes_the_restricted_standard_and_has_no_token() {
        let manifest = manifest("seatrial-prober:1", &RunId::of("abcd1234"));
        let pod = manifest.pointer("/spec/template/spec").expect("a pod");
        assert_eq!(pod["automountServiceAccountToken"], json!(false));
        assert_eq!(pod["securityContext"]["runAsNonRoot"], json!(true));
        assert_eq!(pod["containers"][0]["securityContext"]["capabilities"]["drop"], json!(["ALL"]));
        assert!(ours::is_ours(&manifest));
        assert!(ours::is_ours(manifest.pointer("/spec/template").expect("a template")));
        assert_eq!(text(&manifest, "/metadata/labels/seatrial.dev~1run"), "abcd1234");
    }
}
