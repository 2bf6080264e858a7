//! `up` by kind and Helm: the cluster, the release in it, the first answer.

use super::chosen::Chosen;
use super::told::Told;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{planning, published};
use seatrial_contracts::model::{ChartPlan, EnvironmentPlan};
use seatrial_harness::beside::{self, in_cluster};
use seatrial_harness::bootstrap::{DataState, Journal, Service, ServiceKind, State, until_answering};
use seatrial_harness::cluster::{Cluster, Limits, named};
use seatrial_harness::run::{Installed, Session, SessionOptions};
use seatrial_harness::run_id::RunId;
use seatrial_harness::tools::Tools;
use std::time::Instant;

/// Makes cluster and release. A release that does not get ready is told, not a failure of the environment.
pub(super) async fn make(
    chosen: &Chosen,
    environment: Option<&str>,
    tools: &Tools,
    journal: &mut Journal,
    context: &Context,
) -> Result<Told, Failure> {
    let started = Instant::now();
    let plan = planning::one(&chosen.path, &tools.helm).await?;
    let environment = environment_of(&plan, environment)?;
    let cluster = cluster(chosen, environment, tools, journal, context).await?;
    change(journal, |states| states.release = State::Creating)?;
    let installed = install(cluster.clone(), &plan, environment, tools, journal, context).await?;
    let mut problem = until_up(chosen, &installed).await;
    let release = if problem.is_none() { State::Ready } else { State::Failed };
    journal.record.services = services(chosen, environment);
    if problem.is_none() {
        let events = journal.events(&context.events);
        let started = in_cluster(&cluster, &plan, environment, tools, &events).await;
        problem = Told::add(&mut journal.record.services, started);
    }
    let data = if chosen.spec.host_storage { DataState::Kept } else { DataState::Passing };
    change(journal, |states| (states.release, states.data) = (release, data))?;
    Ok(Told {
        environment: Some(environment.name.clone()),
        because: None,
        limits: Some(Limits::of(chosen.spec.resources)),
        publish: chosen.publish(|port| chosen.spec.publish.get(&port).map(ToString::to_string)),
        problem,
        seconds: started.elapsed().as_secs_f64(),
    })
}

fn change(journal: &mut Journal, change: impl FnOnce(&mut seatrial_harness::bootstrap::States)) -> Result<(), Failure> {
    journal.change(change).map_err(|error| Failure::environment(&error))
}

fn environment_of<'a>(plan: &'a ChartPlan, named: Option<&str>) -> Result<&'a EnvironmentPlan, Failure> {
    let chart = &plan.chart;
    let is_it = |candidate: &&EnvironmentPlan| named.is_none_or(|name| name == candidate.name);
    let unknown = || Failure::usage(format!("{chart} has no environment {}", named.unwrap_or("at all")));
    let environment = plan.environments.iter().find(is_it).ok_or_else(unknown)?;
    match &environment.render_error {
        Some(error) => Err(Failure::new(Exit::Broken, format!("{chart} does not render: {error}"))),
        None => Ok(environment),
    }
}

async fn cluster(
    chosen: &Chosen,
    environment: &EnvironmentPlan,
    tools: &Tools,
    journal: &mut Journal,
    context: &Context,
) -> Result<Cluster, Failure> {
    let mut publish = published::node_ports(&chosen.spec, &environment.rendered)?;
    publish.extend(beside::node_ports(&chosen.spec.beside, &environment.rendered));
    if journal.record.states.cluster != State::Ready {
        change(journal, |states| states.cluster = State::Creating)?;
    }
    let events = journal.events(&context.events);
    let cluster = named(&chosen.spec, &publish, tools, &Context::guard(), &events).await;
    let cluster = cluster.map_err(|error| Failure::environment(&error))?;
    journal.record.kubeconfig = Some(cluster.kubeconfig.clone());
    change(journal, |states| states.cluster = State::Ready)?;
    Ok(cluster)
}

async fn install(
    cluster: Cluster,
    plan: &ChartPlan,
    environment: &EnvironmentPlan,
    tools: &Tools,
    journal: &Journal,
    context: &Context,
) -> Result<Installed, Failure> {
    let refused = |error: &dyn std::error::Error| Failure::environment(error);
    let mut options = SessionOptions::new(RunId::current(), Context::guard());
    options.evidence_dir = context.repository.root.join("target/seatrial");
    let events = journal.events(&context.events);
    let session = Session::open(options, tools.clone(), events).await.map_err(|error| refused(&error))?;
    session.install(cluster, plan, environment).await.map_err(|error| refused(&error))
}

/// Why it is not up, if it is not: Helm, readiness, or no answer on this host.
async fn until_up(chosen: &Chosen, installed: &Installed) -> Option<String> {
    if installed.helm.code != Some(0) {
        return Some(format!("helm failed: {}", installed.helm.stderr.trim()));
    }
    if let Some(problem) = &installed.problem {
        return Some(problem.clone());
    }
    let url = chosen.spec.answers.as_ref().and_then(|_| chosen.url())?;
    until_answering(&url).await.err().map(|error| error.to_string())
}

fn services(chosen: &Chosen, environment: &EnvironmentPlan) -> Vec<Service> {
    let Some((target, url)) = chosen.spec.publish.values().next().zip(chosen.url()) else { return Vec::new() };
    let at = published::selector(target, &environment.rendered);
    vec![Service { name: chosen.release.clone(), kind: ServiceKind::Registry, url, at }]
}
