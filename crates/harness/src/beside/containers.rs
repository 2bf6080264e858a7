//! Programs beside a release as containers of the engine, where `up` makes containers.

use super::BesideError;
use super::wanted::{Wanted, all};
use crate::bootstrap::Service;
use crate::cluster::engine::Engine;
use crate::containers::{self, ContainerSpec, labels_of_up, network_of_up, of_up};
use crate::events::Events;
use indexmap::IndexMap;
use seatrial_contracts::model::{ClusterSpec, Target};
use seatrial_observation::Event;
use std::time::Instant;

/// The container that stands in for the release.
#[derive(Clone, Copy, Debug)]
pub struct StandIn<'a> {
    /// Its name.
    pub container: &'a str,
    /// Published port of the host → its port.
    pub ports: &'a IndexMap<u16, u16>,
}

/// Starts all that the contract wants beside what stands in for the release. What runs already stays, and is replaced
/// where it changed.
pub async fn as_containers(
    spec: &ClusterSpec,
    release: StandIn<'_>,
    events: &Events,
) -> Result<Vec<Service>, BesideError> {
    remove_dropped(spec, release.container).await?;
    let looked_up = |target: &Target| in_network(spec, &release, target);
    let mut services = Vec::new();
    for wanted in all(spec, &looked_up, events).await? {
        let started = Instant::now();
        let container = containers::run(&container(&wanted, &spec.name)).await?;
        wanted.until_answering().await?;
        events.emit(Event::Finished { what: wanted.name.clone(), seconds: started.elapsed().as_secs_f64() });
        services.push(wanted.service(container.name));
    }
    Ok(services)
}

/// What an earlier `up` made and the contract does not want any more goes, before another takes its port.
async fn remove_dropped(spec: &ClusterSpec, release: &str) -> Result<(), BesideError> {
    let engine = Engine::alone()?;
    let made = containers::labelled(&engine, &of_up(&spec.name)).await?;
    for name in made.iter().filter(|name| is_dropped(name, spec, release)) {
        containers::delete(&engine, name).await?;
    }
    Ok(())
}

fn is_dropped(container: &str, spec: &ClusterSpec, release: &str) -> bool {
    container != release && !spec.beside.keys().any(|name| container == container_name(&spec.name, name))
}

fn container_name(up: &str, name: &str) -> String {
    format!("{up}-{name}")
}

fn container(wanted: &Wanted, up: &str) -> ContainerSpec {
    ContainerSpec {
        name: container_name(up, &wanted.name),
        image: wanted.image.clone(),
        env: wanted.env.clone(),
        ports: vec![(wanted.port, Some(wanted.port))],
        labels: labels_of_up(up),
        network: Some(network_of_up(up)),
        ..ContainerSpec::default()
    }
}

/// `CONTAINER:PORT` of the container that stands in for the Service port of a published host port.
fn in_network(spec: &ClusterSpec, release: &StandIn<'_>, target: &Target) -> Option<String> {
    let (host, _) = spec.publish.iter().find(|(_, published)| *published == target)?;
    Some(format!("{}:{}", release.container, release.ports.get(host)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_contracts::model::Beside;

    #[test]
    fn the_release_and_what_is_wanted_stay() {
        let agent = Beside { image: "a".into(), port: 8001, health: "/".into(), env: IndexMap::new() };
        let beside = IndexMap::from([("agent".to_owned(), agent)]);
        let spec = ClusterSpec { name: "x".into(), beside, ..ClusterSpec::default() };
        let dropped: Vec<&str> = ["x-registry", "x-agent", "x-old"]
            .into_iter()
            .filter(|name| is_dropped(name, &spec, "x-registry"))
            .collect();
        assert_eq!(dropped, ["x-old"]);
    }

    #[test]
    fn a_published_service_port_is_a_port_of_the_container() {
        let target: Target = "svc/registry:http".parse().expect("a target");
        let publish = IndexMap::from([(5000, target.clone())]);
        let spec = ClusterSpec { name: "x".into(), publish, ..ClusterSpec::default() };
        let release = StandIn { container: "x-registry", ports: &IndexMap::from([(5000, 5001)]) };
        assert_eq!(in_network(&spec, &release, &target).as_deref(), Some("x-registry:5001"));
        assert_eq!(in_network(&spec, &release, &"svc/other:http".parse().expect("a target")), None);
    }
}
