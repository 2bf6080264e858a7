//! A start in the cluster: the pod is deleted, and its successor asked by the prober of the namespace.

use super::app::App;
use super::{GIVE_UP, between, first, network, spec};
use crate::command::Cmd;
use crate::readiness::{name_of, text};
use crate::run::targets::Targets;
use jiff::Timestamp;
use seatrial_contracts::model::{Kind, Name, Target};
use seatrial_observation::{Look, Place, Reason, Start};
use seatrial_probes::wait::{self, Patience};
use serde_json::Value;
use std::time::Duration;

/// How often the API server is asked for what changes in a moment.
const OFTEN: Duration = Duration::from_millis(20);

/// The pods of the workload are deleted; the first that comes is timed.
pub(super) async fn start(targets: Targets<'_>, app: &App) -> Result<Start, String> {
    let (site, namespace) = (targets.site, targets.stage.namespace());
    let target = Target::Object { kind: Kind::Named(app.kind.clone()), name: Name::Is(app.name.clone()) };
    let old = targets.pods(&target).await.map_err(|failed| failed.message)?;
    for pod in &old {
        site.objects.delete("Pod", namespace, name_of(pod)).await.map_err(|refused| refused.to_string())?;
    }
    let uids: Vec<&str> = old.iter().map(uid).collect();
    let pod = until(targets, &target, "no new pod came", |pod| !uids.contains(&uid(pod)) && is_bound(pod)).await?;
    let address = address(targets, &pod).await?;
    let asked = site.prober(namespace).ask(&spec(app, &address), GIVE_UP).await;
    let answer = first(asked.map_err(|failed| failed.to_string())?)?;
    let is_known = |one: &Value| uid(one) == uid(&pod) && container_id(one, app).is_some();
    let started = until(targets, &target, "its container has no id", is_known).await?;
    let id = container_id(&started, app).unwrap_or_default();
    Ok(between(Place::Cluster, started_at(targets, node(&pod), &id).await?, answer))
}

fn uid(pod: &Value) -> &str {
    text(pod, "/metadata/uid")
}

fn node(pod: &Value) -> &str {
    text(pod, "/spec/nodeName")
}

fn is_bound(pod: &Value) -> bool {
    !node(pod).is_empty()
}

fn container_id(pod: &Value, app: &App) -> Option<String> {
    let statuses = pod.pointer("/status/containerStatuses")?.as_array()?;
    let status = statuses.iter().find(|status| text(status, "/name") == app.container)?;
    text(status, "/containerID").rsplit_once("//").map(|(_, id)| id.to_owned())
}

/// The first pod of the target that is so.
async fn until(
    targets: Targets<'_>,
    target: &Target,
    otherwise: &str,
    is_so: impl Fn(&Value) -> bool,
) -> Result<Value, String> {
    let patience = Patience::steady(GIVE_UP, OFTEN);
    let found = wait::until(&patience, async || {
        let pods = targets.pods(target).await.map_err(|failed| failed.message)?;
        let pod = pods.into_iter().find(&is_so);
        Ok::<_, String>(pod.map_or_else(|| Look::Pending(Reason::new(otherwise)), Look::Ready))
    });
    found.await.map_err(|failed| failed.to_string())
}

async fn address(targets: Targets<'_>, pod: &Value) -> Result<String, String> {
    let routes = in_node(targets, node(pod), &["sh", "-c", network::SCRIPT, "sh", &network::like(uid(pod))]).await?;
    network::address(&routes).ok_or_else(|| format!("pod/{} has no IPv4 address", name_of(pod)))
}

/// The stamp of the container runtime, to the nanosecond; the API server rounds to seconds.
async fn started_at(targets: Targets<'_>, node: &str, container: &str) -> Result<Timestamp, String> {
    read_started_at(&in_node(targets, node, &["crictl", "inspect", container]).await?)
}

fn read_started_at(inspected: &str) -> Result<Timestamp, String> {
    let unreadable = |why: String| format!("what crictl says of the container can't be read: {why}");
    let value: Value = serde_json::from_str(inspected).map_err(|error| unreadable(error.to_string()))?;
    text(&value, "/status/startedAt").parse().map_err(|error: jiff::Error| unreadable(error.to_string()))
}

async fn in_node(targets: Targets<'_>, node: &str, command: &[&str]) -> Result<String, String> {
    let docker = Cmd::new(&targets.site.tools.docker).args(["exec", node]).args(command).timeout(GIVE_UP);
    docker.run_ok().await.map(|finished| finished.stdout).map_err(|failed| failed.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_runtimes_stamp_is_read_to_the_nanosecond() {
        let read = read_started_at(r#"{ "status": { "startedAt": "2026-11-21T10:00:00.123456789Z" } }"#);
        assert_eq!(read.expect("a stamp").subsec_nanosecond(), 123_456_789);
        assert!(read_started_at("{}").expect_err("no stamp").contains("crictl"));
    }

    #[test]
    fn a_container_is_found_by_its_name() {
        let app = App {
            kind: "Deployment".to_owned(),
            name: "web".to_owned(),
            container: "web".to_owned(),
            image: String::new(),
            env: Vec::new(),
            args: Vec::new(),
            port: 80,
            path: "/".to_owned(),
        };
        let statuses = json!([{ "name": "other", "containerID": "containerd://x" }, { "name": "web", "containerID": "containerd://abc" }]);
        let pod = json!({ "status": { "containerStatuses": statuses } });
        assert_eq!(container_id(&pod, &app).as_deref(), Some("abc"));
        assert_eq!(container_id(&json!({ "status": { "containerStatuses": [{ "name": "web" }] } }), &app), None);
    }
}
