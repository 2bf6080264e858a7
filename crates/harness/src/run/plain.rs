//! Docker mode, judged by the same contract: the image of `cluster.docker` as one container of the run. What addresses
//! `host:` is asked of it; what needs an API server is skipped, known at listing.

use super::address::error;
use super::drive;
use super::look::keep_cookies;
use super::session::RunError;
use crate::bootstrap::{of_image, until_answering};
use crate::containers::{self, Container, ContainerSpec, labels_of_run};
use crate::release::{Stage, clock};
use crate::run_id::RunId;
use indexmap::IndexMap;
use seatrial_contracts::judge::{self, Rules};
use seatrial_contracts::model::{
    Action, ChartPlan, Check, Clause, DockerSpec, Event, HttpStep, Level, RegistryTalk, Slot, Target, What,
};
use seatrial_contracts::plan::skip_where;
use seatrial_observation::{
    HttpSpec, LookError, Observation, ProbeAnswer, ProbeOutcome, ProbeSpec, Reason, RegistryAction, RegistrySpec, Seed,
    Seen, TcpSpec, Way,
};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long one probe may take.
const PROBE: Duration = Duration::from_secs(5);

/// How long a talk with a registry may take.
const TALK: Duration = Duration::from_secs(20);

/// Leaves to be judged what a container can answer. Its prerequisites on the way to a release fall away with it.
pub(super) fn narrow(chart: &mut ChartPlan) {
    let has_docker = chart.cluster.as_ref().is_some_and(|cluster| cluster.docker.is_some());
    let first = chart.environments.first().map(|environment| environment.name.clone()).unwrap_or_default();
    let reason = move |slot: &Slot| reason(slot, has_docker, &first);
    for environment in &mut chart.environments {
        let kept = environment.slots.iter().filter(|slot| reason(slot).is_none()).map(|slot| slot.id.local());
        let kept: BTreeSet<String> = kept.collect();
        for slot in environment.slots.iter_mut().filter(|slot| kept.contains(&slot.id.local())) {
            slot.after.retain(|id| kept.contains(id));
        }
    }
    skip_where(chart, reason);
}

fn reason(slot: &Slot, has_docker: bool, first: &str) -> Option<String> {
    if slot.level == Level::Static {
        return None;
    }
    if !has_docker {
        return Some("the contract has no `cluster.docker`".to_owned());
    }
    if slot.id.environment != first {
        return Some(format!("Docker mode knows no values; it is judged once, in {first}"));
    }
    let is_answered = matches!(&slot.what, What::Clause(clause) if is_of_container(clause));
    (!is_answered).then(|| "plain containers: there is no API server, no pod and no Service".to_owned())
}

/// Whether a clause is about what the host's ports answer, and nothing happens that a container does not know.
fn is_of_container(clause: &Clause) -> bool {
    let is_restart = |event: &Event| matches!(event, Event::Restart(_));
    let is_plain = |phase: &seatrial_contracts::model::Phase| {
        phase.latency.is_none() && phase.within.is_none_or(|within| !within.is_of_ready) && is_of_host(&phase.check)
    };
    let is_prepared = |action: &Action| matches!(action, Action::Push { at: Target::Host { .. }, .. });
    clause.when.iter().all(is_restart) && clause.before.iter().all(is_prepared) && clause.then.iter().all(is_plain)
}

fn is_of_host(check: &Check) -> bool {
    let is_host = |target: &Target| matches!(target, Target::Host { .. });
    match check {
        Check::Http(steps) => steps.0.iter().all(|step| is_host(&step.to) && !has_secret(step)),
        Check::Tcp(tcp) => is_host(&tcp.to),
        Check::Registry(registry) => is_host(&registry.at),
        _ => false,
    }
}

fn has_secret(step: &HttpStep) -> bool {
    step.headers.values().chain(&step.body).any(|text| text.contains("$(secret/"))
}

/// The observation of one slot.
pub(super) async fn on(run: &RunId, factor: f64, stage: &Stage<'_>, slot: &Slot) -> Result<Observation, RunError> {
    let started = Instant::now();
    let looked = match looker(run, stage).await {
        Ok(mut looker) => looker.observe(stage, slot, factor).await,
        Err(reason) => Observation { unlooked: Some(reason), ..Observation::default() },
    };
    Ok(Observation { clock: clock(), seconds: started.elapsed().as_secs_f64(), ..looked })
}

/// The container of the run, answering.
async fn looker(run: &RunId, stage: &Stage<'_>) -> Result<Looker, Reason> {
    let cluster = stage.chart.cluster.as_ref();
    let docker =
        cluster.and_then(|cluster| cluster.docker.clone()).ok_or_else(|| Reason::new("no `cluster.docker`"))?;
    let spec = ContainerSpec {
        name: format!("st-{run}-{}", stage.release()),
        ports: docker.ports.values().map(|inside| (*inside, None)).collect(),
        labels: labels_of_run(run),
        ..of_image(&docker)
    };
    let container = containers::run(&spec).await.map_err(|failed| Reason::new(failed.to_string()))?;
    let looker = Looker { docker, container, seeds: IndexMap::new() };
    if let Some(answers) = cluster.and_then(|cluster| cluster.answers.as_ref()) {
        let (base, path) = looker.address(answers).map_err(|failed| Reason::new(failed.message))?;
        until_answering(&format!("{base}{path}")).await.map_err(|failed| Reason::new(failed.to_string()))?;
    }
    Ok(looker)
}

/// Looks at one container.
struct Looker {
    docker: DockerSpec,
    container: Container,
    seeds: IndexMap<String, Seed>,
}

impl Looker {
    async fn observe(&mut self, stage: &Stage<'_>, slot: &Slot, factor: f64) -> Observation {
        let mut observation = Observation::default();
        let Some(clause) = judge::clause_of(slot, stage.environment) else { return observation };
        observation.actions.before_failed = self.before(&clause).await.err();
        if observation.actions.before_failed.is_some() {
            return observation;
        }
        let since = match self.when(&clause).await {
            Ok(since) => since,
            Err(reason) => {
                observation.actions.when_failed = Some(reason);
                return observation;
            }
        };
        let has_event = !clause.when.is_empty();
        let rules = Rules { has_event, timeouts: stage.chart.timeouts, slow: factor, before: None };
        for phase in judge::phases(slot, stage.environment) {
            // A clause about a container's ports has no promise that takes longer than its time-out.
            let part =
                drive::phase_by(&phase, &rules, since, async |check| self.look(check).await, async || true).await;
            observation.parts.push(part);
        }
        observation.actions.seeds = self.seeds.clone();
        observation.actions.notes = vec![format!("container {}", self.container.name)];
        observation
    }

    async fn before(&mut self, clause: &Clause) -> Result<(), Reason> {
        for action in &clause.before {
            let Action::Push { at, name } = action else { return Err(Reason::new("a container can't prepare this")) };
            let outcome = self.talk(at, RegistryAction::Push).await.map_err(|failed| Reason::new(failed.message))?;
            let seed = match outcome.result {
                Ok(ProbeAnswer::Registry(answer)) => answer.seed,
                _ => None,
            };
            let seed = seed.ok_or_else(|| Reason::new(format!("push to {at} went wrong")))?;
            self.seeds.insert(name.clone(), seed);
        }
        Ok(())
    }

    /// A restarted container has another port: the engine chooses anew.
    async fn when(&mut self, clause: &Clause) -> Result<Instant, Reason> {
        let since = Instant::now();
        for _ in &clause.when {
            let restarted = containers::restart(&self.container.name).await;
            self.container = restarted.map_err(|failed| Reason::new(failed.to_string()))?;
        }
        Ok(since)
    }

    async fn look(&self, check: &Check) -> Result<Seen, LookError> {
        match check {
            Check::Http(steps) => self.http(&steps.0).await,
            Check::Tcp(tcp) => {
                let spec = TcpSpec { host: "127.0.0.1".to_owned(), port: self.port(&tcp.to)? };
                Ok(Seen::Probes(vec![seatrial_probes::probe(&ProbeSpec::Tcp(spec), PROBE).await]))
            }
            Check::Registry(registry) => {
                let action = match &registry.talk {
                    RegistryTalk::RoundTrip => RegistryAction::RoundTrip,
                    RegistryTalk::Pull { name, seed } => {
                        let seed = seed.as_ref().or_else(|| self.seeds.get(name)).cloned();
                        RegistryAction::Pull(seed.ok_or_else(|| error(format!("nothing was pushed as `{name}`")))?)
                    }
                };
                Ok(Seen::Probes(vec![self.talk(&registry.at, action).await?]))
            }
            _ => Err(error("a container can't be asked that".to_owned())),
        }
    }

    async fn http(&self, steps: &[HttpStep]) -> Result<Seen, LookError> {
        let mut outcomes = Vec::new();
        let mut cookies = IndexMap::new();
        for step in steps {
            let (base, path) = self.address(&step.to)?;
            let mut headers = step.headers.clone();
            if !cookies.is_empty() {
                let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
                headers.insert("cookie".to_owned(), pairs.join("; "));
            }
            let spec = HttpSpec {
                method: step.method.clone(),
                url: format!("{base}{path}"),
                headers,
                body: step.body.clone(),
                way: Way::default(),
            };
            let outcome = seatrial_probes::probe(&ProbeSpec::Http(spec), PROBE).await;
            if let Ok(ProbeAnswer::Http(answer)) = &outcome.result {
                keep_cookies(answer, &mut cookies);
            }
            outcomes.push(outcome);
        }
        Ok(Seen::Probes(outcomes))
    }

    async fn talk(&self, at: &Target, action: RegistryAction) -> Result<ProbeOutcome, LookError> {
        let spec = ProbeSpec::Registry(RegistrySpec { base: self.address(at)?.0, action });
        Ok(seatrial_probes::probe(&spec, TALK).await)
    }

    /// `http://127.0.0.1:PORT` and the path.
    fn address(&self, target: &Target) -> Result<(String, String), LookError> {
        let port = self.port(target)?;
        let Target::Host { path, .. } = target else { return Err(error(format!("{target} is no port of the host"))) };
        let path = if path.is_empty() { "/".to_owned() } else { path.clone() };
        Ok((format!("http://127.0.0.1:{port}"), path))
    }

    fn port(&self, target: &Target) -> Result<u16, LookError> {
        let Target::Host { port, .. } = target else { return Err(error(format!("{target} is no port of the host"))) };
        let inside = self.docker.ports.get(port).ok_or_else(|| error(format!("{port} is not in `cluster.docker`")))?;
        let mapped = self.container.host_ports.get(inside);
        mapped.copied().ok_or_else(|| error(format!("container {} does not run", self.container.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_contracts::load::load;
    use seatrial_contracts::plan::{ChartSource, plan};

    const CONTRACT: &str = "\
chart: .
environments: { dev: {}, prod: {} }
cluster: { name: d, publish: { 5000: svc/r:http }, docker: { image: 'r:1', ports: { 5000: 5000 } } }
clauses:
  answers: { http: host:5000/v2/ }
  answers-pods: { http: svc/r:http/v2/ }
  survives:
    each: { event: { deleted: { deletePod: deploy/r }, restarted: { restart: deploy/r } } }
    before: { registry: { at: host:5000, push: seed } }
    when: $(each.event)
    registry: { at: host:5000, pull: seed }
";

    const RENDER: &str = "\
apiVersion: v1
kind: Service
metadata: { name: r }
spec: { selector: { app: r }, ports: [{ name: http, port: 5000 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: r }
spec:
  selector: { matchLabels: { app: r } }
  template:
    metadata: { labels: { app: r } }
    spec: { containers: [{ name: r, image: 'r:1', ports: [{ name: http, containerPort: 5000 }] }] }
";

    /// What is left to be judged beyond the files, each with what gates it beyond the files.
    fn left(contract: &str) -> Vec<String> {
        let contract = load("contract.yaml", contract, None, jiff::civil::date(2026, 11, 1)).expect("sound");
        let renders = contract.environments.keys().map(|name| (name.clone(), Ok(RENDER.to_owned()))).collect();
        let source = ChartSource {
            path: ".",
            chart_yaml: "name: r\nversion: 1.0.0\n",
            values_yaml: "",
            files: &std::collections::BTreeMap::new(),
            renders: &renders,
            last_releases: &IndexMap::new(),
            skaffold: None,
            run_id: "0",
            env: &std::collections::BTreeMap::new(),
        };
        let mut plan = plan(&contract, &source).expect("a plan");
        narrow(&mut plan);
        let slots = plan.environments.iter().flat_map(|environment| &environment.slots);
        let live = slots.filter(|slot| slot.level != Level::Static && slot.skip.is_none());
        let gates = |slot: &Slot| slot.after.iter().any(|id| id == "installs" || id.starts_with("reachable"));
        live.map(|slot| format!("{}{}", slot.id, if gates(slot) { " gated" } else { "" })).collect()
    }

    #[test]
    fn a_container_is_judged_by_what_the_host_sees_of_it() {
        assert_eq!(left(CONTRACT), ["r::dev::answers", "r::dev::survives[restarted]"]);
    }

    #[test]
    fn without_an_image_nothing_runs() {
        let without = CONTRACT.replace(", docker: { image: 'r:1', ports: { 5000: 5000 } }", "");
        assert!(left(&without).is_empty());
    }
}
