//! When a cluster is ready: its API answers, its counted nodes are Ready, and a DNS name is answered from a pod.
//! (`kind create --wait` says success also on a time-out, and "all of kube-system is Ready" comes ten seconds later.)

use super::{Cluster, ClusterError, RUN_LABEL, SYSTEM_NAMESPACE};
use crate::prober::pod_spec;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::{Client, Resource, ResourceExt};
use seatrial_observation::{DnsSpec, Look, ProbeAnswer, ProbeOutcome, ProbeSpec, Reason};
use seatrial_probes::server::PORT;
use seatrial_probes::wait::{self, Patience, WaitError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::fmt::Debug;
use std::time::Duration;

/// The name that every cluster answers.
const DNS_NAME: &str = "kubernetes.default.svc.cluster.local";

/// The name of the prober's Deployment and its label.
const PROBER: &str = "prober";

fn patience() -> Patience {
    Patience::backoff(Duration::from_mins(2), Duration::from_millis(20), Duration::from_millis(200))
}

/// Waits until a cluster in containers of this host can be used: its API answers, its nodes are Ready, and a pod, the
/// prober's, gets a DNS answer. Its image must be on the nodes.
pub async fn until_usable(cluster: &Cluster, prober: &str) -> Result<(), ClusterError> {
    until_api_answers(cluster).await?;
    // The prober starts while the node gets ready.
    deploy_prober(cluster, prober).await?;
    until_nodes(cluster, cluster.nodes.len().max(1)).await?;
    until_dns_answers(cluster).await
}

/// Waits for the API server's first answer.
pub(super) async fn until_api_answers(cluster: &Cluster) -> Result<(), ClusterError> {
    let client = cluster.client().await?;
    let answered = wait::until(&patience(), async || client.apiserver_version().await.map(Look::Ready)).await;
    answered.map(drop).map_err(not_ready(cluster, "its API does not answer"))
}

/// Waits for at least so many Ready nodes.
pub(super) async fn until_nodes(cluster: &Cluster, nodes: usize) -> Result<(), ClusterError> {
    let api: Api<Node> = Api::all(cluster.client().await?);
    let counted = async || api.list(&ListParams::default()).await.map(|list| look_at_nodes(&list.items, nodes));
    wait::until(&patience(), counted).await.map_err(not_ready(cluster, "its nodes do not get ready"))
}

/// Whether at least `wanted` nodes are Ready; why not, node by node.
fn look_at_nodes(nodes: &[Node], wanted: usize) -> Look<()> {
    let troubles: Vec<_> = nodes.iter().filter_map(node_trouble).collect();
    let ready = nodes.len() - troubles.len();
    if ready >= wanted {
        return Look::Ready(());
    }
    let why = troubles.first().map(|trouble| format!(" ({trouble})")).unwrap_or_default();
    let mut reason = Reason::new(format!("{ready} of {wanted} nodes are Ready{why}"));
    reason.detail = troubles;
    Look::Pending(reason)
}

fn node_trouble(node: &Node) -> Option<String> {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    match conditions.iter().find(|condition| condition.type_ == "Ready") {
        Some(ready) if ready.status == "True" => None,
        Some(ready) => {
            let message = ready.message.as_deref().unwrap_or("no message");
            Some(format!("node/{}: Ready is {}: {message}", node.name_any(), ready.status))
        }
        None => Some(format!("node/{}: it has not reported yet", node.name_any())),
    }
}

/// Waits until a pod, the prober's, gets a DNS answer.
async fn until_dns_answers(cluster: &Cluster) -> Result<(), ClusterError> {
    let client = cluster.client().await?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), SYSTEM_NAMESPACE);
    let asked = async || match running_prober(&pods).await? {
        Look::Ready(pod) => ask_dns(&client, &pod).await,
        Look::Pending(reason) | Look::Doomed(reason) => Ok(Look::Pending(reason)),
    };
    wait::until(&patience(), asked).await.map_err(not_ready(cluster, "no DNS answer from a pod"))
}

/// Puts a prober on a cluster of ours.
async fn deploy_prober(cluster: &Cluster, image: &str) -> Result<(), ClusterError> {
    let client = cluster.client().await?;
    let namespace = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": SYSTEM_NAMESPACE, "labels": { RUN_LABEL: "system" } },
    });
    apply(cluster, &Api::<Namespace>::all(client.clone()), SYSTEM_NAMESPACE, &namespace).await?;
    let deployments: Api<Deployment> = Api::namespaced(client, SYSTEM_NAMESPACE);
    apply(cluster, &deployments, PROBER, &prober(image)).await
}

async fn apply<K>(cluster: &Cluster, api: &Api<K>, name: &str, object: &serde_json::Value) -> Result<(), ClusterError>
where
    K: Resource + Clone + Debug + Serialize + DeserializeOwned,
{
    let params = PatchParams::apply("seatrial").force();
    let patience = patience();
    let applied = wait::until(&patience, async || match api.patch(name, &params, &Patch::Apply(object)).await {
        Ok(_) => Ok(Look::Ready(())),
        // A refusal stays one; anything else may be a server that is still starting.
        Err(kube::Error::Api(status)) if status.code == 422 => Ok(Look::Doomed(Reason::of(name, status.message))),
        Err(error) => Err(error),
    });
    applied.await.map_err(not_ready(cluster, "the prober can't be deployed"))
}

/// One labelled Deployment: restricted, without a token, only from an image that is on the node.
fn prober(image: &str) -> serde_json::Value {
    let labels = json!({ "app.kubernetes.io/name": PROBER, RUN_LABEL: "system" });
    let mut pod = pod_spec(image);
    // It may start before the node says Ready: that is what is being waited for.
    pod["tolerations"] = json!([{ "operator": "Exists" }]);
    pod["containers"][0]["imagePullPolicy"] = json!("Never");
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": PROBER, "namespace": SYSTEM_NAMESPACE, "labels": labels },
        "spec": {
            "replicas": 1,
            "strategy": { "type": "Recreate" },
            "selector": { "matchLabels": { "app.kubernetes.io/name": PROBER } },
            "template": { "metadata": { "labels": labels }, "spec": pod },
        },
    })
}

/// The name of a prober pod that runs.
async fn running_prober(pods: &Api<Pod>) -> Result<Look<String>, kube::Error> {
    let selector = format!("app.kubernetes.io/name={PROBER}");
    let list = pods.list(&ListParams::default().labels(&selector)).await?;
    Ok(look_at_probers(&list.items))
}

fn look_at_probers(pods: &[Pod]) -> Look<String> {
    let living: Vec<_> = pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none()).collect();
    if let Some(pod) = living.iter().find(|pod| is_running(pod)) {
        return Look::Ready(pod.name_any());
    }
    Look::Pending(match living.first() {
        Some(pod) => Reason::of(format!("pod/{}", pod.name_any()), waiting_for(pod)),
        None => Reason::of(format!("deploy/{PROBER}"), "it has no pod yet"),
    })
}

fn is_running(pod: &Pod) -> bool {
    let status = pod.status.as_ref();
    status.is_some_and(|status| status.phase.as_deref() == Some("Running") && status.pod_ip.is_some())
}

fn waiting_for(pod: &Pod) -> String {
    let mut statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    let waiting = statuses.find_map(|container| container.state.as_ref()?.waiting.as_ref());
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let unscheduled =
        conditions.filter(|c| c.type_ == "PodScheduled" && c.status == "False").find_map(|c| c.message.clone());
    let reason = waiting.map(|waiting| {
        let message = waiting.message.as_deref().unwrap_or_default();
        format!("{} {message}", waiting.reason.as_deref().unwrap_or("waiting")).trim().to_owned()
    });
    reason.or(unscheduled).unwrap_or_else(|| "it does not run yet".to_owned())
}

/// Asks the prober, through the API server: no port has to be forwarded for one question.
async fn ask_dns(client: &Client, pod: &str) -> Result<Look<()>, AskError> {
    let spec = ProbeSpec::Dns(DnsSpec { names: vec![DNS_NAME.to_owned()], port: None });
    let body = serde_json::to_vec(&json!({ "spec": spec, "timeoutMs": 1000 }))?;
    let path = format!("/api/v1/namespaces/{SYSTEM_NAMESPACE}/pods/http:{pod}:{PORT}/proxy/probe");
    let request = http_post(&path, body)?;
    let outcome: ProbeOutcome = client.request(request).await?;
    Ok(look_at_answer(&outcome))
}

fn http_post(path: &str, body: Vec<u8>) -> Result<http::Request<Vec<u8>>, http::Error> {
    http::Request::post(path).header("content-type", "application/json").body(body)
}

/// Why the prober could not be asked.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error("the prober does not answer: {0}")]
    Api(#[from] kube::Error),
    #[error(transparent)]
    Request(#[from] http::Error),
    #[error(transparent)]
    Body(#[from] serde_json::Error),
}

fn look_at_answer(outcome: &ProbeOutcome) -> Look<()> {
    match &outcome.result {
        Ok(ProbeAnswer::Dns { names }) => match names.first().map(|answer| &answer.addresses) {
            Some(Ok(addresses)) if !addresses.is_empty() => Look::Ready(()),
            Some(Err(message)) => Look::Pending(Reason::of(DNS_NAME, message.clone())),
            _ => Look::Pending(Reason::of(DNS_NAME, "no address")),
        },
        Ok(_) => Look::Doomed(Reason::of("the prober", "it answered another question")),
        Err(failure) => Look::Pending(Reason::of(DNS_NAME, failure.message.clone())),
    }
}

fn not_ready(cluster: &Cluster, what: &'static str) -> impl FnOnce(WaitError) -> ClusterError {
    move |source| ClusterError::NotReady { cluster: cluster.name.clone(), what, source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_observation::{DnsAnswer, FailureKind, ProbeFailure};

    fn node(ready: Option<&str>) -> Node {
        let conditions = ready.map(|status| json!([{ "type": "Ready", "status": status, "message": "cni missing" }]));
        serde_json::from_value(json!({ "metadata": { "name": "n" }, "status": { "conditions": conditions } }))
            .expect("node")
    }

    #[test]
    fn nodes_are_counted() {
        assert!(look_at_nodes(&[node(Some("True"))], 1).is_ready());
        assert!(look_at_nodes(&[node(Some("True")), node(Some("False"))], 1).is_ready());
        assert!(!look_at_nodes(&[], 1).is_ready(), "no node is no ready node");
        let look = look_at_nodes(&[node(Some("False")), node(None)], 1);
        let reason = look.reason().expect("pending");
        assert_eq!(reason.message, "0 of 1 nodes are Ready (node/n: Ready is False: cni missing)");
        assert_eq!(reason.detail, ["node/n: Ready is False: cni missing", "node/n: it has not reported yet"]);
    }

    fn pod(value: serde_json::Value) -> Pod {
        serde_json::from_value(value).expect("pod")
    }

    #[test]
    fn a_prober_that_does_not_run_says_why() {
        let message = |pods: &[Pod]| look_at_probers(pods).reason().map(ToString::to_string);
        assert_eq!(message(&[]).as_deref(), Some("deploy/prober: it has no pod yet"));
        let never = pod(json!({ "metadata": { "name": "p" }, "status": { "phase": "Pending", "containerStatuses": [
            { "name": "prober", "image": "x", "imageID": "", "ready": false, "restartCount": 0,
              "state": { "waiting": { "reason": "ErrImageNeverPull", "message": "image x is not present" } } }] } }));
        assert_eq!(message(&[never]).as_deref(), Some("pod/p: ErrImageNeverPull image x is not present"));
        let running = json!({ "metadata": { "name": "p" }, "status": { "phase": "Running", "podIP": "10.244.0.2" } });
        assert_eq!(message(&[pod(running)]), None);
    }

    #[test]
    fn only_an_address_is_an_answer() {
        let outcome = |result| ProbeOutcome { took_ms: 1.0, result };
        let dns = |addresses| {
            let names = vec![DnsAnswer { name: DNS_NAME.into(), addresses, connected: indexmap::IndexMap::default() }];
            outcome(Ok(ProbeAnswer::Dns { names }))
        };
        assert!(look_at_answer(&dns(Ok(vec!["10.96.0.1".into()]))).is_ready());
        assert!(!look_at_answer(&dns(Ok(vec![]))).is_ready());
        assert!(!look_at_answer(&dns(Err("NXDOMAIN".into()))).is_ready());
        let failure = ProbeFailure { kind: FailureKind::TimedOut, message: "no answer".into() };
        assert!(!look_at_answer(&outcome(Err(failure))).is_ready());
    }
}
