//! `up` by Docker alone: the image of the release as one container. No Helm: all of it is said by the contract.

use super::chosen::Chosen;
use super::told::Told;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use seatrial_harness::beside::{StandIn, as_containers};
use seatrial_harness::bootstrap::{
    DataState, Journal, Service, ServiceKind, State, States, until_answering, up_by_docker,
};
use std::time::Instant;

/// Starts the container and waits until it answers.
pub(super) async fn make(
    chosen: &Chosen,
    because: Option<String>,
    journal: &mut Journal,
    context: &Context,
) -> Result<Told, Failure> {
    let started = Instant::now();
    let docker = chosen.spec.docker.as_ref().ok_or_else(|| without_docker(chosen, because.as_deref()))?;
    let is_there = journal.record.states.release == State::Ready;
    change(journal, |states| states.release = if is_there { State::Ready } else { State::Creating })?;
    let events = journal.events(&context.events);
    let release = (chosen.release.as_str(), chosen.namespace.as_str());
    let made = up_by_docker(&chosen.spec, docker, release, &Context::guard(), &events).await;
    let container = made.map_err(|error| Failure::environment(&error))?;
    let mut problem = match chosen.url() {
        Some(url) => until_answering(&url).await.err().map(|error| error.to_string()),
        None => None,
    };
    let url = chosen.url().unwrap_or_default();
    journal.record.services =
        vec![Service { name: chosen.release.clone(), kind: ServiceKind::Registry, url, at: container.name.clone() }];
    let data = if chosen.spec.host_storage { DataState::Kept } else { DataState::Passing };
    let release = if problem.is_none() { State::Ready } else { State::Failed };
    if problem.is_none() {
        let stand_in = StandIn { container: &container.name, ports: &docker.ports };
        problem = Told::add(&mut journal.record.services, as_containers(&chosen.spec, stand_in, &events).await);
    }
    change(journal, |states| (states.release, states.data) = (release, data))?;
    Ok(Told {
        environment: None,
        because,
        limits: None,
        publish: chosen.publish(|port| docker.ports.get(&port).map(|inside| format!("{}:{inside}", container.name))),
        problem,
        seconds: started.elapsed().as_secs_f64(),
    })
}

fn change(journal: &mut Journal, change: impl FnOnce(&mut States)) -> Result<(), Failure> {
    journal.change(change).map_err(|error| Failure::environment(&error))
}

fn without_docker(chosen: &Chosen, because: Option<&str>) -> Failure {
    let says = format!("the contract of {} has no `cluster.docker`, so it can't run by Docker alone", chosen.chart);
    match because {
        Some(reason) => Failure::new(Exit::NoEnvironment, format!("{reason}; {says}")),
        None => Failure::usage(says),
    }
}
