//! Starting by testcontainers. With reuse, so that dropping the handle removes nothing.

use super::{ContainerError, ContainerSpec, labels};
use crate::cluster::port_in_use;
use testcontainers::bollard::models::{HostConfig, PortBinding};
use testcontainers::core::{IntoContainerPort, Mount};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerRequest, GenericImage, ImageExt, ReuseDirective, TestcontainersError};

/// Starts it; the image is pulled where it is not there.
pub(super) async fn start(spec: &ContainerSpec, digest: &str) -> Result<(), ContainerError> {
    let started = request(spec, digest).start().await;
    started.map(drop).map_err(|refused| explained(spec, &refused))
}

fn request(spec: &ContainerSpec, digest: &str) -> ContainerRequest<GenericImage> {
    let (name, tag) = image(&spec.image);
    let exposed =
        spec.ports.iter().fold(GenericImage::new(name, tag), |image, (port, _)| image.with_exposed_port(port.tcp()));
    let labels = spec.labels.iter().cloned().chain([(labels::SPEC.to_owned(), digest.to_owned())]);
    let host = spec.clone();
    let mut request = exposed
        .with_container_name(&spec.name)
        .with_reuse(ReuseDirective::Always)
        .with_labels(labels)
        .with_host_config_modifier(move |config| on_this_host(&host, config));
    if !spec.args.is_empty() {
        request = request.with_cmd(spec.args.clone());
    }
    for (name, value) in &spec.env {
        request = request.with_env_var(name, value);
    }
    for (from, to) in &spec.mounts {
        request = request.with_mount(Mount::bind_mount(from.as_str(), to.as_str()));
    }
    if let Some(user) = &spec.user {
        request = request.with_user(user);
    }
    if let Some(network) = &spec.network {
        request = request.with_network(network);
    }
    request
}

/// What testcontainers has no word for: ports on 127.0.0.1 only (it would publish them to the world), and memory.
fn on_this_host(spec: &ContainerSpec, config: &mut HostConfig) {
    let binding = |host: Option<u16>| PortBinding {
        host_ip: Some("127.0.0.1".to_owned()),
        // Empty lets the engine choose.
        host_port: Some(host.map(|port| port.to_string()).unwrap_or_default()),
    };
    let ports = spec.ports.iter().map(|(port, host)| (format!("{port}/tcp"), Some(vec![binding(*host)])));
    config.publish_all_ports = Some(false);
    config.port_bindings = Some(ports.collect());
    config.memory = spec.memory.and_then(|bytes| i64::try_from(bytes).ok());
}

/// `name:tag`; the colon of a registry's port is no tag.
fn image(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

fn explained(spec: &ContainerSpec, refused: &TestcontainersError) -> ContainerError {
    let (name, image, message) = (spec.name.clone(), spec.image.clone(), chain(refused));
    if let Some(port) = port_in_use(&message) {
        return ContainerError::PortInUse { name, port, holder: String::new() };
    }
    if message.contains("pull") || message.contains("No such image") {
        return ContainerError::Image { name, image, message };
    }
    ContainerError::Start { name, image, message }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_a_name_and_a_tag() {
        assert_eq!(image("registry:2.8.2"), ("registry", "2.8.2"));
        assert_eq!(image("localhost:5000/agent"), ("localhost:5000/agent", "latest"));
        assert_eq!(image("localhost:5000/agent:v1"), ("localhost:5000/agent", "v1"));
    }

    #[test]
    fn ports_are_bound_to_this_host_only() {
        let spec =
            ContainerSpec { ports: vec![(5000, Some(5000)), (80, None)], memory: Some(7), ..ContainerSpec::default() };
        let mut config = HostConfig::default();
        on_this_host(&spec, &mut config);
        let bindings = config.port_bindings.expect("bindings");
        let first = |port: &str| bindings[port].clone().expect("bound").remove(0);
        assert_eq!(first("5000/tcp").host_ip.as_deref(), Some("127.0.0.1"));
        assert_eq!(first("5000/tcp").host_port.as_deref(), Some("5000"));
        assert_eq!(first("80/tcp").host_port.as_deref(), Some(""));
        assert_eq!((config.memory, config.publish_all_ports), (Some(7), Some(false)));
    }
}
