//! Starts of a release's image, in pods and in plain containers, in turns: how long each takes from its start, as the
//! runtime notes it, to its first answer 200. It is asked directly, every 10 ms, from before it is started: a Service
//! would add the second that readiness takes.

mod app;
mod cluster;
mod docker;
mod network;

use super::address::error;
use super::targets::{Targets, WORKLOADS};
use crate::readiness::{name_of, text};
use crate::release::objects;
use app::App;
use docker::Docker;
use seatrial_contracts::judge::{NextStart, next_start};
use seatrial_contracts::model::{Check, Clause, Phase, ReadyOf};
use seatrial_observation::{Ended, FirstAnswer, FirstAnswerSpec, Part, Place, ProbeAnswer, ProbeOutcome, ProbeSpec};
use seatrial_observation::{Sample, Seen, Start};
use serde_json::Value;
use std::time::{Duration, Instant};

/// How often a container is asked.
const EVERY_MS: u64 = 10;

/// How long a container may take until its first answer.
const GIVE_UP: Duration = Duration::from_secs(30);

/// Whether a clause compares starts: `within: { p50: +100ms, than: docker }`.
pub(super) fn is_comparison(clause: &Clause) -> bool {
    clause.then.iter().any(is_compared)
}

fn is_compared(phase: &Phase) -> bool {
    phase.within.is_some_and(|within| within.than.is_some())
}

/// Takes starts in both places until there are enough.
pub(super) async fn observe(targets: Targets<'_>, phase: &Phase) -> Part {
    let began = Instant::now();
    let at_ms = || began.elapsed().as_secs_f64() * 1e3;
    let mut samples = Vec::new();
    let ended = match open(targets, &phase.check).await {
        Err(message) => {
            samples.push(Sample { at_ms: at_ms(), look: Err(error(message)) });
            Ended::TimedOut
        }
        Ok((app, docker)) => {
            let ended = loop {
                match next_start(&samples, phase.repeat.unwrap_or(1)) {
                    NextStart::Done(ended) => break ended,
                    NextStart::At(place) => {
                        let taken = take(targets, &app, &docker, place).await;
                        samples.push(Sample { at_ms: at_ms(), look: taken.map(Seen::Start).map_err(error) });
                    }
                }
            };
            docker.close().await;
            ended
        }
    };
    Part { before: None, looks: samples.len() as u64, samples, ended }
}

async fn open(targets: Targets<'_>, check: &Check) -> Result<(App, Docker), String> {
    let app = App::of(&workload(targets, check)?)?;
    Ok((app, Docker::open(targets.site).await?))
}

async fn take(targets: Targets<'_>, app: &App, docker: &Docker, place: Place) -> Result<Start, String> {
    match place {
        Place::Cluster => cluster::start(targets, app).await,
        Place::Docker => docker.start(app).await,
    }
}

/// The one workload that is meant, as it is rendered.
fn workload(targets: Targets<'_>, check: &Check) -> Result<Value, String> {
    let rendered = objects(&targets.stage.environment.rendered);
    let mut all: Vec<Value> = rendered.into_iter().filter(|one| WORKLOADS.contains(&text(one, "/kind"))).collect();
    if let Check::Ready(ReadyOf::Targets(named)) = check {
        let named: Vec<(String, String)> = named.iter().flat_map(|target| targets.workloads(target)).collect();
        all.retain(|one| named.iter().any(|(kind, name)| kind == text(one, "/kind") && name == name_of(one)));
    }
    match all.len() {
        1 => Ok(all.remove(0)),
        count => Err(format!("{count} workloads could be meant: write `ready: deploy/NAME`")),
    }
}

fn spec(app: &App, host: &str) -> ProbeSpec {
    let url = format!("http://{host}:{}{}", app.port, app.path);
    ProbeSpec::FirstAnswer(FirstAnswerSpec { url, every_ms: EVERY_MS })
}

fn first(outcome: ProbeOutcome) -> Result<FirstAnswer, String> {
    match outcome.result {
        Ok(ProbeAnswer::FirstAnswer(first)) => Ok(first),
        Ok(_) => Err("the prober gave another answer than asked".to_owned()),
        Err(failure) => Err(failure.message),
    }
}

/// From the runtime's stamp to the answer.
fn between(place: Place, started_at: jiff::Timestamp, first: FirstAnswer) -> Start {
    let nanoseconds = i128::from(first.at_ns) - started_at.as_nanosecond();
    Start { place, answer_ms: nanoseconds as f64 / 1e6, refused: first.refused }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_lasts_from_the_runtimes_stamp_to_the_answer() {
        let started: jiff::Timestamp = "2026-11-21T10:00:00.25Z".parse().expect("a stamp");
        let at_ns = u64::try_from(started.as_nanosecond()).expect("after 1970") + 123_500_000;
        let start = between(Place::Docker, started, FirstAnswer { at_ns, refused: 4 });
        assert!((start.answer_ms - 123.5).abs() < 1e-6, "{start:?}");
        assert_eq!((start.place, start.refused), (Place::Docker, 4));
    }
}
