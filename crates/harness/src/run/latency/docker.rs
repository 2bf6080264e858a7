//! `than: docker`: the workload's own image in a plain container of the engine on this host, reached as the release is.

use crate::cache::KeyOf;
use crate::containers::{self, ContainerSpec, labels_of_run};
use crate::readiness::{selects, text};
use crate::run::address::{From, error};
use crate::run::look::Looker;
use seatrial_contracts::model::{Check, Target};
use seatrial_observation::{Look, LookError, ProbeAnswer, ProbeSpec, Reason};
use seatrial_probes::wait::{self, Patience};
use serde_json::Value;
use std::time::Duration;

/// How long it may take until it answers.
const PATIENCE: Duration = Duration::from_secs(20);

/// The probe of the container, and the container's name. It has answered as the release does.
pub(super) async fn reference(
    looker: &Looker<'_>,
    check: &Check,
    target: &ProbeSpec,
) -> Result<(ProbeSpec, String), LookError> {
    let behind = looker.addresses.behind(to(check)?).await?;
    let pods = looker.targets.pods(&Target::every_pod()).await?;
    let pod = pods.iter().find(|pod| selects(&behind.selector, pod));
    let pod = pod.ok_or_else(|| error(format!("{} has no pod to compare with", behind.what)))?;
    let run = &looker.targets.site.run;
    let name = format!("seatrial-{run}-{}", KeyOf::new().part(looker.targets.stage.key()).key());
    let spec = spec(pod, behind.port, name.clone(), labels_of_run(run)).map_err(error)?;
    let started = containers::run(&spec).await.map_err(|failed| error(failed.to_string()))?;
    let port = started.host_ports.get(&behind.port).copied();
    let port = port.ok_or_else(|| error(format!("{name} has no port on this host")))?;
    let probe = at(target, port).ok_or_else(|| error("only http and tcp are compared with a container".to_owned()))?;
    let answering = until_answering(looker, target, &probe).await;
    if answering.is_err() {
        let _ = containers::remove(&name).await;
    }
    answering.map(|()| (probe, name))
}

fn to(check: &Check) -> Result<&Target, LookError> {
    let to = match check {
        Check::Http(http) => http.0.first().map(|step| &step.to),
        Check::Tcp(tcp) => Some(&tcp.to),
        _ => None,
    };
    to.ok_or_else(|| error("only http and tcp are compared with a container".to_owned()))
}

/// The container of a pod that has this port, without its volumes: what is compared is the way there and the program.
/// A `command`, with its arguments, stays behind as it does where starts are compared: it stands in the place of the
/// image's own entrypoint. That the container answers as the release does is seen before anything is measured.
fn spec(pod: &Value, port: u16, name: String, labels: Vec<(String, String)>) -> Result<ContainerSpec, String> {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let has_port = |one: &&Value| {
        let ports = one["ports"].as_array().into_iter().flatten();
        ports.into_iter().any(|one| one["containerPort"].as_u64() == Some(u64::from(port)))
    };
    let container = containers.iter().find(has_port).or(containers.first()).ok_or("the pod has no container")?;
    Ok(ContainerSpec {
        name,
        image: text(container, "/image").to_owned(),
        env: env(container)?,
        args: args(container),
        ports: vec![(port, None)],
        labels,
        user: user(pod, container),
        ..ContainerSpec::default()
    })
}

fn args(container: &Value) -> Vec<String> {
    let own = container["args"].as_array().filter(|_| container.get("command").is_none());
    own.into_iter().flatten().filter_map(Value::as_str).map(Into::into).collect()
}

fn env(container: &Value) -> Result<Vec<(String, String)>, String> {
    if container.get("envFrom").is_some() {
        return Err("a workload with `envFrom` can't be compared with a plain container".to_owned());
    }
    let entries = container["env"].as_array().into_iter().flatten();
    let pair = |entry: &Value| {
        let name = text(entry, "/name");
        match entry.get("valueFrom") {
            Some(_) => Err(format!("the variable {name} has its value from the cluster, which a container has not")),
            None => Ok((name.to_owned(), text(entry, "/value").to_owned())),
        }
    };
    entries.map(pair).collect()
}

/// `uid` or `uid:gid`, the container's own before the pod's.
fn user(pod: &Value, container: &Value) -> Option<String> {
    let of = |field: &str| {
        let own = container.pointer(&format!("/securityContext/{field}"));
        own.or_else(|| pod.pointer(&format!("/spec/securityContext/{field}"))).and_then(Value::as_u64)
    };
    let user = of("runAsUser")?;
    Some(of("runAsGroup").map_or_else(|| user.to_string(), |group| format!("{user}:{group}")))
}

/// The same probe at a port of this host.
fn at(target: &ProbeSpec, port: u16) -> Option<ProbeSpec> {
    match target {
        ProbeSpec::Http(http) => {
            let path = http.url.splitn(4, '/').nth(3).unwrap_or_default();
            let url = format!("http://127.0.0.1:{port}/{path}");
            Some(ProbeSpec::Http(seatrial_observation::HttpSpec { url, ..http.clone() }))
        }
        ProbeSpec::Tcp(_) => Some(ProbeSpec::Tcp(seatrial_observation::TcpSpec { host: "127.0.0.1".to_owned(), port })),
        _ => None,
    }
}

/// Until it answers with the status that the release answers with.
async fn until_answering(looker: &Looker<'_>, target: &ProbeSpec, probe: &ProbeSpec) -> Result<(), LookError> {
    let wanted = status(looker, target).await?;
    let patience = Patience::backoff(PATIENCE, Duration::from_millis(20), Duration::from_millis(200));
    let answered = wait::until(&patience, async || match status(looker, probe).await {
        Ok(seen) if seen == wanted => Ok(Look::Ready(())),
        Ok(seen) => Ok(Look::Pending(Reason::new(format!("it answers {seen:?}, the release {wanted:?}")))),
        Err(failed) => Err(failed.message),
    });
    answered.await.map_err(|failed| error(format!("the plain container: {failed}")))
}

async fn status(looker: &Looker<'_>, probe: &ProbeSpec) -> Result<Option<u16>, LookError> {
    match looker.probe(From::Here, probe, Duration::from_secs(2)).await?.result {
        Ok(ProbeAnswer::Http(answer)) => Ok(Some(answer.status)),
        Ok(_) => Ok(None),
        Err(failure) => Err(error(failure.message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(container: &Value) -> Value {
        json!({ "spec": { "securityContext": { "runAsUser": 1000, "runAsGroup": 1000 }, "containers": [container] } })
    }

    #[test]
    fn a_container_runs_what_the_pod_runs() {
        let container = json!({
            "image": "registry:2.8.2", "args": ["/config.yml"], "ports": [{ "containerPort": 5000 }],
            "env": [{ "name": "A", "value": "b" }], "securityContext": { "runAsUser": 7 },
        });
        let spec = spec(&pod(&container), 5000, "x".to_owned(), Vec::new()).expect("a spec");
        assert_eq!((spec.image.as_str(), spec.args.as_slice()), ("registry:2.8.2", &["/config.yml".to_owned()][..]));
        assert_eq!((spec.env, spec.ports), (vec![("A".to_owned(), "b".to_owned())], vec![(5000, None)]));
        assert_eq!(spec.user.as_deref(), Some("7:1000"));
    }

    #[test]
    fn a_command_stays_behind_with_its_arguments() {
        let container = json!({ "image": "registry:2.8.2", "command": ["sh", "-c"], "args": ["sleep 1; serve"] });
        let spec = spec(&pod(&container), 5000, "x".to_owned(), Vec::new()).expect("a spec");
        assert_eq!((spec.image.as_str(), spec.args.len(), spec.ports), ("registry:2.8.2", 0, vec![(5000, None)]));
    }

    #[test]
    fn what_a_container_has_not_is_said() {
        for (container, words) in [
            (json!({ "envFrom": [] }), "envFrom"),
            (json!({ "env": [{ "name": "A", "valueFrom": {} }] }), "the variable A"),
        ] {
            let refused = spec(&pod(&container), 80, "x".to_owned(), Vec::new()).expect_err("refused");
            assert!(refused.contains(words), "{refused}");
        }
    }

    #[test]
    fn the_same_probe_at_another_port() {
        let http = |url: &str| ProbeSpec::Http(seatrial_observation::HttpSpec::get(url));
        assert_eq!(at(&http("http://a:1/v2/x"), 9), Some(http("http://127.0.0.1:9/v2/x")));
        assert_eq!(at(&http("http://a:1/"), 9), Some(http("http://127.0.0.1:9/")));
    }
}
