//! `latency`: measured once the look at the check has held, from the same vantage, beside a reference; again where
//! others made the machine too busy to tell.

mod docker;
mod echo;
mod histogram;
mod machine;

use super::address::{From, error};
use super::look::Looker;
use machine::Reading;
use seatrial_contracts::judge;
use seatrial_contracts::model::{Latency, Phase, Than};
use seatrial_observation::{LatencyRun, LatencySpec, LookError, Part, ProbeAnswer, ProbeSpec, Sample, Seen};
use std::time::{Duration, Instant};

/// How often a measurement is taken, where noise spoils it.
const ATTEMPTS: usize = 3;

/// How long a single request may take; one that takes longer is over any limit.
const REQUEST: Duration = Duration::from_secs(5);

/// Adds the measurements to the part of a look that held. What goes wrong is the apparatus.
pub(super) async fn measure(looker: &Looker<'_>, phase: &Phase, part: &mut Part, since: Instant) {
    let Some(latency) = &phase.latency else { return };
    if !judge::is_measurable(phase, part) {
        return;
    }
    match Measuring::prepared(looker, phase, latency, part).await {
        Err(failed) => push(part, since, Err(failed)),
        Ok(measuring) => {
            measuring.all(phase, part, since).await;
            measuring.put_away().await;
        }
    }
}

fn push(part: &mut Part, since: Instant, look: Result<Seen, LookError>) {
    part.samples.push(Sample { at_ms: since.elapsed().as_secs_f64() * 1000.0, look });
    part.looks += 1;
}

/// All that a measurement needs.
struct Measuring<'l, 'a> {
    looker: &'l Looker<'a>,
    from: From,
    spec: LatencySpec,
    /// The plain container that it is compared with.
    container: Option<String>,
}

impl<'l, 'a> Measuring<'l, 'a> {
    async fn prepared(
        looker: &'l Looker<'a>,
        phase: &Phase,
        latency: &Latency,
        part: &Part,
    ) -> Result<Self, LookError> {
        let (from, target) = looker.single(&phase.check).await?;
        if from == From::Eye {
            return Err(error(
                "latency is measured from the prober or from the host, not from another place".to_owned(),
            ));
        }
        let (reference, container) = match latency.than {
            Some(Than::Docker) => {
                let (reference, name) = docker::reference(looker, &phase.check, &target).await?;
                (reference, Some(name))
            }
            Some(Than::Echo) | None => (echo::reference(looker, from).await?, None),
        };
        let spec = spec(target, reference, latency, part);
        Ok(Self { looker, from, spec, container })
    }

    /// One measurement, or as many as noise asks for.
    async fn all(&self, phase: &Phase, part: &mut Part, since: Instant) {
        for attempt in 1..=ATTEMPTS {
            let run = self.once().await;
            let noise = run.as_ref().ok().and_then(|run| judge::taken_again(phase, run));
            push(part, since, run.map(|run| Seen::Latency(Box::new(run))));
            match noise {
                Some(reason) if attempt < ATTEMPTS => {
                    self.looker.targets.site.events.warn(format!("measuring again: {reason}"));
                }
                _ => return,
            }
        }
    }

    async fn once(&self) -> Result<LatencyRun, LookError> {
        let (site, namespace) = (self.looker.targets.site, self.looker.targets.stage.namespace());
        let before = self.reading().await?;
        let mut run = match self.from {
            From::Here => seatrial_probes::measure(&self.spec).await,
            From::Pod | From::Eye => {
                let asked = site.prober(namespace).measure(&self.spec).await;
                asked.map_err(|failed| error(failed.to_string()))?
            }
        };
        let after = self.reading().await?;
        run.machine = before.zip(after).and_then(|(before, after)| after.since(&before));
        run.histogram = histogram::encoded(&run.target);
        Ok(run)
    }

    /// What the nodes say about their CPUs, where they can be entered.
    async fn reading(&self) -> Result<Option<Reading>, LookError> {
        let site = self.looker.targets.site;
        if !site.cluster.capabilities.node_access {
            return Ok(None);
        }
        let pods = self.looker.targets.pods(&seatrial_contracts::model::Target::every_pod()).await?;
        machine::read(&site.tools.docker, &site.cluster.nodes, &pods).await.map(Some)
    }

    async fn put_away(&self) {
        if let Some(name) = &self.container {
            // What stays is removed with the run.
            let _ = crate::containers::remove(name).await;
        }
    }
}

fn spec(target: ProbeSpec, reference: ProbeSpec, latency: &Latency, part: &Part) -> LatencySpec {
    LatencySpec {
        target,
        status: status(part),
        reference: Some(reference),
        rate: latency.rate,
        warm_up: latency.warm_up,
        connections: latency.connections,
        timeout_ms: u64::try_from(REQUEST.as_millis()).unwrap_or(u64::MAX),
        goal: judge::latency_goal(latency),
    }
}

/// The status of the answer that held: any other is a failed request.
fn status(part: &Part) -> Option<u16> {
    let Some(Ok(Seen::Probes(outcomes))) = part.samples.last().map(|sample| &sample.look) else { return None };
    match &outcomes.last()?.result {
        Ok(ProbeAnswer::Http(answer)) => Some(answer.status),
        _ => None,
    }
}
