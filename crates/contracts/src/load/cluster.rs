//! The section `cluster:`: what `seatrial up` makes, in kind or, where that is missing, by Docker alone.

use super::beside::beside;
use super::contract_file::{ClusterFile, DockerFile, NodeResourcesFile};
use super::findings::Findings;
use super::scalars::address;
use super::sections::label;
use crate::diagnostic::child;
use crate::model::{ClusterSpec, DockerSpec, NodeResources, Target};
use crate::units;
use indexmap::IndexMap;

type Publish = IndexMap<u16, Target>;

/// The section as the rest sees it.
pub(super) fn spec(file: ClusterFile, found: &mut Findings<'_>) -> ClusterSpec {
    label(&file.name, "/cluster/name", found);
    let publish = publish(&file.publish, found);
    let beside = beside(file.beside, publish.keys().copied().collect(), found);
    ClusterSpec {
        beside,
        answers: file.answers.and_then(|text| answers(&text, &publish, found)),
        resources: resources(&file.resources, found),
        docker: file.docker.map(|docker| docker_spec(docker, &publish, found)),
        name: file.name,
        publish,
        host_storage: file.host_storage,
    }
}

fn publish(written: &IndexMap<String, String>, found: &mut Findings<'_>) -> Publish {
    let mut publish = IndexMap::new();
    for (port, text) in written {
        let at = child("/cluster/publish", port);
        let number = port_of_host(port, &at, found);
        let target = address(text, &at, found).filter(|target| is_service(target, text, &at, found));
        publish.extend(number.zip(target));
    }
    publish
}

fn port_of_host(port: &str, at: &str, found: &mut Findings<'_>) -> Option<u16> {
    let number = port.parse::<u16>().ok().filter(|port| *port > 0);
    if number.is_none() {
        found.key(at, "bad-target", format!("`{port}` is no port of the host"), None);
    }
    number
}

pub(super) fn is_service(target: &Target, text: &str, at: &str, found: &mut Findings<'_>) -> bool {
    let is_service = matches!(target, Target::Service { path, .. } if path.is_empty());
    if !is_service {
        let hint = Some("write svc/NAME:PORT".to_owned());
        found.value(at, "bad-target", format!("`{text}` is no Service port"), hint);
    }
    is_service
}

fn answers(text: &str, publish: &Publish, found: &mut Findings<'_>) -> Option<Target> {
    let at = "/cluster/answers";
    let target = address(text, at, found)?;
    if let Target::Host { port, .. } = &target
        && publish.contains_key(port)
    {
        return Some(target);
    }
    let hint = Some("write host:PORT/path with a port of `publish`".to_owned());
    found.value(at, "bad-target", format!("`{text}` is no port that `cluster.publish` publishes"), hint);
    None
}

fn resources(file: &NodeResourcesFile, found: &mut Findings<'_>) -> NodeResources {
    let memory = file.memory.as_deref().and_then(|text| memory(text, found));
    NodeResources { cpus: file.cpus, memory }
}

fn memory(text: &str, found: &mut Findings<'_>) -> Option<u64> {
    let bytes = units::quantity(text).filter(|bytes| *bytes >= 1.0);
    if bytes.is_none() {
        let hint = Some("memory is written 512Mi, 2Gi or 2GB".to_owned());
        found.value("/cluster/resources/memory", "wrong-type", format!("`{text}` is no amount of memory"), hint);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes of a machine, at least one")]
    bytes.map(|bytes| bytes as u64)
}

fn docker_spec(file: DockerFile, publish: &Publish, found: &mut Findings<'_>) -> DockerSpec {
    let mut ports = IndexMap::new();
    for (port, inside) in &file.ports {
        let at = child("/cluster/docker/ports", port);
        let Some(number) = port_of_host(port, &at, found) else { continue };
        if publish.contains_key(&number) {
            ports.insert(number, *inside);
        } else {
            found.key(&at, "bad-target", format!("`{port}` is not in `cluster.publish`"), None);
        }
    }
    DockerSpec { image: file.image, ports, volumes: file.volumes, env: file.env, user: file.user }
}
