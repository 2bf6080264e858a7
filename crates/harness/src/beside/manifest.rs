//! A program beside a release as a Deployment and a Service of ours.

use super::wanted::Wanted;
use crate::ours;
use serde_json::{Value, json};

/// The label of both: what is dropped from a contract is found by it.
pub(super) const BESIDE: &str = "seatrial.dev/beside";

/// Both, with the node port that the cluster maps to the host.
pub(super) fn manifests(wanted: &Wanted, node_port: u16) -> [Value; 2] {
    let Wanted { name, port, .. } = wanted;
    let labels = json!({ "app.kubernetes.io/name": name, ours::LABEL: ours::OURS });
    let named = json!({ "app.kubernetes.io/name": name, ours::LABEL: ours::OURS, BESIDE: name });
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": name, "labels": named },
        "spec": {
            "replicas": 1,
            "strategy": { "type": "Recreate" },
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": pod_spec(wanted) },
        },
    });
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": name, "labels": named },
        "spec": {
            "type": "NodePort",
            "selector": labels,
            "ports": [{ "name": "http", "port": port, "targetPort": "http", "nodePort": node_port }],
        },
    });
    [deployment, service]
}

/// As every namespace admits it: restricted, without a token. User and root file system are the image's own, as they
/// are in a container.
fn pod_spec(wanted: &Wanted) -> Value {
    let env: Vec<Value> = wanted.env.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({
        "automountServiceAccountToken": false,
        // Service links would give it variables that a container does not have.
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": 5,
        "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
        "containers": [{
            "name": wanted.name,
            "image": wanted.image,
            "imagePullPolicy": "IfNotPresent",
            "env": env,
            "ports": [{ "name": "http", "containerPort": wanted.port }],
            // That it listens: what it lacks is for `health` to say, and no reason to hide it.
            "readinessProbe": { "tcpSocket": { "port": "http" }, "periodSeconds": 1 },
            "resources": {
                "requests": { "cpu": "10m", "memory": "16Mi" },
                "limits": { "cpu": "1", "memory": "128Mi" },
            },
            "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_ours_and_the_pod_is_restricted() {
        let env = vec![("ROLE".to_owned(), "plan".to_owned())];
        let (name, image, health) = ("agent".to_owned(), "agent:1".to_owned(), "/health".to_owned());
        let [deployment, service] = manifests(&Wanted { name, image, port: 8001, health, env }, 30000);
        assert!([&deployment, &service, &deployment["spec"]["template"]].into_iter().all(ours::is_ours));
        let pod = &deployment["spec"]["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["containers"][0]["securityContext"]["capabilities"]["drop"], json!(["ALL"]));
        assert_eq!(pod["containers"][0]["env"], json!([{ "name": "ROLE", "value": "plan" }]));
        assert_eq!(service["spec"]["ports"][0]["nodePort"], 30000);
        assert_eq!(service["spec"]["selector"], deployment["spec"]["selector"]["matchLabels"]);
    }
}
