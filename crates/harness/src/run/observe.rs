//! Making the observation of one slot: the release in the state that the clause's class asks for, then `before`,
//! `when` and the phases. One file a slot and run, made by who needs it first.

use super::act::{self, Aftermath};
use super::address::Addresses;
use super::drive;
use super::load::{self, Switch};
use super::look::{Looker, refusals};
use super::session::{RunError, Session};
use super::targets::{Targets, chosen};
use super::{starts, startup, throughout, together};
use crate::cache::KeyOf;
use crate::release::{Held, Mirror, ReleaseError, Site, Stage, clock, until_ready};
use crate::step_file;
use jiff::Timestamp;
use seatrial_contracts::judge::{self, Rules};
use seatrial_contracts::model::{Check, Class, Clause, Event, Phase, PostgresExpect, Slot, Target, What};
use seatrial_observation::{Ended, LookError, Observation, Part, Reason, Sample, Seen};
use std::sync::Arc;
use std::time::Instant;

/// Whether Helm alone answers it, without any cluster.
pub(super) fn is_of_files(slot: &Slot) -> bool {
    let What::Clause(clause) = &slot.what else { return false };
    !clause.then.is_empty()
        && clause.then.iter().all(|phase| matches!(phase.check, Check::Refuses(_)) && phase.check.is_of_files())
}

/// The observation of a slot that Helm alone answers.
pub(super) async fn of_files(session: &Session, stage: &Stage<'_>, slot: &Slot) -> Result<Observation, RunError> {
    let started = Instant::now();
    let What::Clause(clause) = &slot.what else { return Ok(Observation::default()) };
    let mut parts = Vec::new();
    for phase in &clause.then {
        let Check::Refuses(refusals) = &phase.check else { continue };
        let answers = refusals::by_helm(&session.helm_for_files(), stage, refusals).await;
        let look = answers.map(Seen::Refusals);
        let sample = Sample { at_ms: started.elapsed().as_secs_f64() * 1000.0, look };
        parts.push(Part { before: None, samples: vec![sample], looks: 1, ended: Ended::Decided });
    }
    let seconds = started.elapsed().as_secs_f64();
    Ok(Observation { clock: clock(), parts, seconds, ..Observation::default() })
}

/// The observation of a slot on a cluster, read where another process has made it.
pub(super) async fn on(site: &Site, stage: &Stage<'_>, slot: &Slot) -> Result<Observation, RunError> {
    match &slot.what {
        What::Installs => return Ok(Box::pin(site.bring_up(stage)).await?.installs),
        What::Ready => return Ok(Box::pin(site.bring_up(stage)).await?.ready),
        _ => {}
    }
    let key = format!("slot-{}-{}", stage.key(), hash(slot));
    let steps = site.steps();
    let made = step_file::once::<Observation, String>(&steps, &key, async || {
        // Boxed, as what follows: a future of it all in one is deeper than the compiler will look.
        let observation = Box::pin(make(site, stage, slot)).await;
        site.evidence.learn(&site.objects, stage.namespace()).await;
        Ok(site.evidence.clean_observation(observation))
    });
    let made = made.await.map_err(ReleaseError::from)?;
    Ok(made.map_err(|message| ReleaseError::Recorded { message })?)
}

fn hash(slot: &Slot) -> String {
    let text = serde_json::to_string(slot).unwrap_or_default();
    format!("{}-{}", slot.id.local(), KeyOf::new().part(text).key())
}

/// What goes wrong before looking could begin is no verdict about the chart.
async fn make(site: &Site, stage: &Stage<'_>, slot: &Slot) -> Observation {
    let started = Instant::now();
    let made = match judge::clause_of(slot, stage.environment) {
        None if slot.what == What::Admitted => Ok(admitted(site, stage).await),
        None => Err(ReleaseError::Recorded { message: "there is nothing to look at".to_owned() }),
        Some(clause) if startup::is_budget(&clause) => Box::pin(startup::observe(site, stage, slot)).await,
        Some(clause) if together::is_budget(&clause) => Box::pin(together::observe(site, stage, slot)).await,
        Some(clause) => Box::pin(held(site, stage, slot, &clause)).await,
    };
    let mut observation = made.unwrap_or_else(|failed| Observation {
        unlooked: Some(Reason::new(failed.to_string())),
        ..Observation::default()
    });
    observation.clock = clock();
    observation.seconds = started.elapsed().as_secs_f64();
    observation
}

/// What the API server says of the render; that it could not be asked is no verdict about the chart.
async fn admitted(site: &Site, stage: &Stage<'_>) -> Observation {
    let started = Instant::now();
    let asked = Box::pin(site.dry_run(stage)).await;
    let look = asked.map(Seen::Admission).map_err(|failed| LookError { message: failed.to_string() });
    let sample = Sample { at_ms: started.elapsed().as_secs_f64() * 1000.0, look };
    let part = Part { before: None, samples: vec![sample], looks: 1, ended: Ended::Decided };
    Observation { parts: vec![part], ..Observation::default() }
}

pub(super) fn rules(site: &Site, stage: &Stage<'_>, has_event: bool) -> Rules {
    Rules { has_event, timeouts: stage.chart.timeouts, slow: site.slow, before: None }
}

async fn held(site: &Site, stage: &Stage<'_>, slot: &Slot, clause: &Clause) -> Result<Observation, ReleaseError> {
    let held = match slot.class {
        Class::Look => site.hold_shared(stage).await?,
        Class::Measure | Class::Disturb => site.hold_alone(stage).await?,
    };
    let is_disturbing = slot.class == Class::Disturb || !clause.when.is_empty();
    if is_disturbing {
        site.evidence.collect(site, stage).await;
        site.set_sound(stage, false)?;
    }
    let is_measuring = slot.class == Class::Measure || starts::is_comparison(clause);
    let _following = (!is_measuring).then(|| site.evidence.follow(&site.objects, stage));
    let (observation, undone) = looked(site, stage, slot, clause, &held).await;
    // What could not be undone leaves the release marked: who needs it next replaces it.
    if is_disturbing && undone.is_ok() {
        restore(site, stage, &clause.when).await?;
    }
    Ok(observation)
}

/// Puts the release right and waits until all that was ready is ready and reachable again; else it stays marked, and
/// the next who needs it replaces it.
async fn restore(site: &Site, stage: &Stage<'_>, events: &[Event]) -> Result<(), ReleaseError> {
    match act::aftermath(events, site.is_helm_4) {
        Aftermath::Replace => return Ok(()),
        Aftermath::Reapply if site.install(stage, &stage.environment.set).await?.code != Some(0) => return Ok(()),
        Aftermath::Reapply | Aftermath::Heals => {}
    }
    let judged = stage.judged();
    let mut mirror = Mirror::open(&site.objects, stage.namespace(), &judged).await?;
    let progress = until_ready(&mut mirror, &judged, Instant::now(), stage.ready_timeout(site.slow), &[]).await;
    if progress.problem().is_none() {
        site.until_reachable_again(stage).await;
        site.set_sound(stage, true)?;
    }
    Ok(())
}

async fn looked(
    site: &Site,
    stage: &Stage<'_>,
    slot: &Slot,
    clause: &Clause,
    held: &Held,
) -> (Observation, Result<(), String>) {
    let addresses = Addresses::new(site, *stage, &clause.from);
    let mut looker = Looker::new(Targets { site, stage: *stage }, addresses, &clause.tolerates);
    let mut observation = Observation { generation: held.generation, ..Observation::default() };
    let phases = judge::phases(slot, stage.environment);
    let mut notes = Vec::new();
    observation.actions.before_failed = match act::stand(&looker, clause, &mut notes).await {
        Ok(()) => act::before(&mut looker, clause, slot, &mut notes).await.err(),
        Err(reason) => Some(reason),
    };
    observation.actions.saved = looker.memory.clone().into_saved();
    if observation.actions.before_failed.is_none() && starts::is_comparison(clause) {
        for phase in &phases {
            observation.parts.push(starts::observe(looker.targets, phase).await);
        }
    } else if observation.actions.before_failed.is_none() {
        under_load(&mut looker, clause, &phases, &mut observation, &mut notes).await;
    }
    observation.actions.is_refused = observation.actions.when_failed.is_some() && looker.is_refused;
    let undone = super::faults::undo(&mut looker).await;
    notes.extend(undone.as_ref().err().map(|failed| format!("not undone: {failed}")));
    looker.close().await;
    observation.actions.seeds = looker.seeds;
    observation.actions.notes = notes;
    (observation, undone)
}

/// All rounds, beside the requests of a load where one is among the events.
async fn under_load(
    looker: &mut Looker<'_>,
    clause: &Clause,
    phases: &[Phase],
    observation: &mut Observation,
    notes: &mut Vec<String>,
) {
    let Some(load) = clause.load() else { return happen(looker, clause, phases, observation, notes).await };
    let (switch, targets) = (Arc::new(Switch::default()), looker.targets);
    looker.load = Some(Arc::clone(&switch));
    let happening = async {
        happen(looker, clause, phases, observation, notes).await;
        switch.turn_off();
    };
    let ((), seen) = tokio::join!(Box::pin(happening), load::run(targets, clause, load, &switch));
    observation.actions.load = seen;
}

/// All rounds: what is repeated begins with its event anew. One that ended without a decision is the last.
async fn happen(
    looker: &mut Looker<'_>,
    clause: &Clause,
    phases: &[Phase],
    observation: &mut Observation,
    notes: &mut Vec<String>,
) {
    let rounds = phases.iter().filter_map(|phase| phase.repeat).max().unwrap_or(1);
    for _ in 0..rounds {
        if let [phase, rest @ ..] = phases
            && throughout::is_watched(clause)
        {
            watched(looker, clause, phase, observation, notes).await;
            healed(looker, clause, rest, observation, notes).await;
        } else {
            once(looker, clause, phases, observation, notes).await;
        }
        let is_over = observation.parts.last().is_none_or(|part| part.ended != Ended::Decided);
        if is_over || observation.actions.when_failed.is_some() {
            return;
        }
    }
}

/// `when`, then the phases one after the other; one that ended without a decision is the last.
async fn once(
    looker: &mut Looker<'_>,
    clause: &Clause,
    phases: &[Phase],
    observation: &mut Observation,
    notes: &mut Vec<String>,
) {
    let (site, stage) = (looker.targets.site, looker.targets.stage);
    let has_event = !clause.when.is_empty();
    let earlier = if has_event { earlier(looker, phases).await } else { vec![None; phases.len()] };
    if has_event {
        looker.logs_since = Some(Timestamp::now());
    }
    let event = match act::when(looker, &clause.when, notes).await {
        Ok(event) => event,
        Err(reason) => {
            observation.actions.when_failed = Some(reason);
            return;
        }
    };
    looker.begin_anew();
    let (mut since_ready, mut memory) = (None, looker.memory.clone());
    for (written, before) in phases.iter().zip(earlier) {
        let phase = &memory.filled(written);
        let rules = Rules { before, ..rules(site, &stage, has_event) };
        let is_of_ready = phase.within.is_some_and(|within| within.is_of_ready);
        let since = match event {
            Some(_) if is_of_ready => match ready_again(looker, &clause.when, &mut since_ready, notes).await {
                Ok(since) => since,
                Err(reason) => {
                    observation.actions.when_failed = Some(reason);
                    return;
                }
            },
            Some(event) => event,
            None => Instant::now(),
        };
        let since = if phase.heals { undone(looker, clause, notes, observation).await } else { Some(since) };
        let Some(since) = since else { return };
        let part = drive::phase(looker, phase, &rules, since).await;
        let is_over = part.ended != Ended::Decided;
        memory.learn(phase, &part);
        observation.parts.push(part);
        if is_over {
            return;
        }
    }
}

/// `throughout`: looking goes on while the event does.
async fn watched(
    looker: &mut Looker<'_>,
    clause: &Clause,
    phase: &Phase,
    observation: &mut Observation,
    notes: &mut Vec<String>,
) {
    match throughout::observe(looker, clause, phase, notes).await {
        Ok(part) => observation.parts.push(part),
        Err(reason) => observation.actions.when_failed = Some(reason),
    }
}

/// `heals` after `throughout`.
async fn healed(
    looker: &mut Looker<'_>,
    clause: &Clause,
    phases: &[Phase],
    observation: &mut Observation,
    notes: &mut Vec<String>,
) {
    let (site, stage) = (looker.targets.site, looker.targets.stage);
    for phase in phases.iter().filter(|phase| phase.heals) {
        let Some(since) = undone(looker, clause, notes, observation).await else { return };
        let phase = &looker.memory.filled(phase);
        let part = drive::phase(looker, phase, &rules(site, &stage, true), since).await;
        observation.parts.push(part);
    }
}

/// What the event did is undone; the moment of it.
async fn undone(
    looker: &mut Looker<'_>,
    clause: &Clause,
    notes: &mut Vec<String>,
    observation: &mut Observation,
) -> Option<Instant> {
    let undone = act::undo(looker, &clause.when).await;
    looker.begin_anew();
    match undone {
        Ok(since) => {
            notes.push("undone: what `when` did".to_owned());
            Some(since)
        }
        Err(reason) => {
            observation.actions.when_failed = Some(reason);
            None
        }
    }
}

/// The moment at which what the event happened to was ready again; everything, where it happened to no workload.
pub(super) async fn ready_again(
    looker: &Looker<'_>,
    events: &[Event],
    known: &mut Option<Instant>,
    notes: &mut Vec<String>,
) -> Result<Instant, Reason> {
    if let Some(known) = known {
        return Ok(*known);
    }
    let (site, stage) = (looker.targets.site, &looker.targets.stage);
    let (judged, started) = (struck(stage.judged(), events), Instant::now());
    let opened = Mirror::open(&site.objects, stage.namespace(), &judged).await;
    let mut mirror = opened.map_err(|refused| Reason::new(refused.to_string()))?;
    let progress = until_ready(&mut mirror, &judged, started, stage.ready_timeout(site.slow), looker.tolerates).await;
    if let Some(problem) = progress.problem() {
        return Err(Reason::new(format!("it did not get ready again: {problem}")));
    }
    notes.push(format!("ready again after {:.2} s", started.elapsed().as_secs_f64()));
    Ok(*known.insert(Instant::now()))
}

/// What of the release the events happened to; all of it, where one of them names no workload.
fn struck(judged: Vec<(String, String)>, events: &[Event]) -> Vec<(String, String)> {
    let named: Option<Vec<Vec<Target>>> = events.iter().map(victims).collect();
    let Some(named) = named.map(|all| all.concat()) else { return judged };
    let struck = chosen(judged.clone(), &named);
    if struck.is_empty() { judged } else { struck }
}

fn victims(event: &Event) -> Option<Vec<Target>> {
    match event {
        Event::DeletePod(target)
        | Event::DeletePodIn { of: target, .. }
        | Event::Restart(target)
        | Event::Drain(target) => Some(vec![target.clone()]),
        Event::Signal(signals) => Some(signals.keys().filter_map(|key| key.parse().ok()).collect()),
        // A load strikes nothing.
        Event::Load(_) => Some(Vec::new()),
        _ => None,
    }
}

/// Whether it promises that a connect is refused.
fn is_refusal(check: &Check) -> bool {
    match check {
        Check::Tcp(tcp) => tcp.failure.as_deref() == Some("refused"),
        Check::Postgres(postgres) => matches!(&postgres.expect, PostgresExpect::Failure(word) if word == "refused"),
        Check::Http(http) => http.0.iter().any(|step| step.failure.as_deref() == Some("refused")),
        _ => false,
    }
}

/// What there is before the event, for `unchanged` and for what is refused afterwards.
async fn earlier(looker: &mut Looker<'_>, phases: &[Phase]) -> Vec<Option<Seen>> {
    let mut earlier = Vec::new();
    for phase in phases {
        let is_asked = matches!(phase.check, Check::Object(_) | Check::Restarts(_)) || is_refusal(&phase.check);
        earlier.push(if is_asked { looker.look(&phase.check).await.ok() } else { None });
    }
    earlier
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_ready_is_about_what_the_event_happened_to() {
        let all = || ["web", "agent"].map(|name| ("Deployment".to_owned(), name.to_owned())).to_vec();
        let web: Target = "deploy/web".parse().expect("a target");
        let alone = vec![("Deployment".to_owned(), "web".to_owned())];
        assert_eq!(struck(all(), &[Event::DeletePod(web.clone())]), alone);
        assert_eq!(struck(all(), &[Event::Signal([("deploy/web".to_owned(), "KILL".to_owned())].into())]), alone);
        assert_eq!(struck(all(), &[Event::DeletePod(web), Event::RestartNode]), all());
        let pod: Target = "pod/web-0".parse().expect("a target");
        assert_eq!(struck(all(), &[Event::DeletePod(pod)]), all(), "no workload is named");
    }
}
