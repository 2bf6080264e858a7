//! Memory budgets of one environment, observed together: each of them wants the machine for a minute, and what they
//! look at does not disturb the others. One record, made by who needs it first.

use super::address::Addresses;
use super::look::Looker;
use super::observe::rules;
use super::targets::Targets;
use crate::cache::KeyOf;
use crate::release::{ReleaseError, Site, Stage};
use crate::step_file;
use seatrial_contracts::judge::{Decision, Watch};
use seatrial_contracts::model::{Check, Clause, Phase, Slot, What};
use seatrial_observation::{Ended, Observation, Part, Sample};
use seatrial_probes::wait;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Whether a clause only says what memory is in use for a time, and nothing happens meanwhile.
pub(super) fn is_budget(clause: &Clause) -> bool {
    let [only] = &clause.then[..] else { return false };
    let is_held = only.for_.is_some() && only.within.is_none() && only.repeat.is_none();
    is_held && matches!(only.check, Check::Usage(_)) && clause.before.is_empty() && clause.when.is_empty()
}

/// The record of one clause, from what is observed for all of its kind.
pub(super) async fn observe(site: &Site, stage: &Stage<'_>, slot: &Slot) -> Result<Observation, ReleaseError> {
    let budgets = budgets(stage);
    let (steps, key) = (site.steps(), key(stage, &budgets));
    let made = step_file::once::<BTreeMap<String, Observation>, String>(&steps, &key, async || {
        measure(site, stage, &budgets).await.map_err(|failed| failed.to_string())
    });
    let mut all = made.await?.map_err(|message| ReleaseError::Recorded { message })?;
    let missing = || ReleaseError::Recorded { message: format!("{} was not observed with the others", slot.id) };
    all.remove(&slot.id.local()).ok_or_else(missing)
}

/// The slots that are observed together, with their clauses.
fn budgets<'a>(stage: &Stage<'a>) -> Vec<(&'a Slot, &'a Clause)> {
    let judged = stage.environment.slots.iter().filter(|slot| slot.skip.is_none());
    let written = judged.filter_map(|slot| match &slot.what {
        What::Clause(clause) => Some((slot, clause)),
        _ => None,
    });
    written.filter(|(_, clause)| is_budget(clause)).collect()
}

fn key(stage: &Stage<'_>, budgets: &[(&Slot, &Clause)]) -> String {
    let texts = budgets.iter().map(|(slot, _)| serde_json::to_string(slot).unwrap_or_default());
    format!("memory-{}-{}", stage.key(), texts.fold(KeyOf::new(), KeyOf::part).key())
}

async fn measure(
    site: &Site,
    stage: &Stage<'_>,
    budgets: &[(&Slot, &Clause)],
) -> Result<BTreeMap<String, Observation>, ReleaseError> {
    let held = site.hold_alone(stage).await?;
    let mut runs: Vec<Run<'_>> = budgets.iter().map(|budget| Run::of(site, stage, budget)).collect();
    let since = Instant::now();
    while let Some(pause) = round(&mut runs, since).await {
        wait::pause(pause).await;
    }
    let observation = |part| Observation { generation: held.generation, parts: vec![part], ..Observation::default() };
    Ok(runs.into_iter().map(|run| (run.id.clone(), observation(run.part()))).collect())
}

/// One look for each that has not seen enough; how long to pause then, so that looks come at a steady pace.
async fn round(runs: &mut [Run<'_>], since: Instant) -> Option<Duration> {
    let began = Instant::now();
    let mut pace: Option<Duration> = None;
    for run in runs.iter_mut().filter(|run| run.ended.is_none()) {
        let wanted = run.look(since).await;
        pace = pace.into_iter().chain(wanted).min();
    }
    pace.map(|pace| pace.saturating_sub(began.elapsed()))
}

/// One clause on its way.
struct Run<'a> {
    id: String,
    phase: &'a Phase,
    looker: Looker<'a>,
    watch: Watch,
    ended: Option<Ended>,
}

impl<'a> Run<'a> {
    fn of(site: &'a Site, stage: &Stage<'a>, (slot, clause): &(&'a Slot, &'a Clause)) -> Self {
        let phase = &clause.then[0];
        let addresses = Addresses::new(site, *stage, &clause.from);
        let looker = Looker::new(Targets { site, stage: *stage }, addresses, &clause.tolerates);
        let watch = Watch::new(phase, &rules(site, stage, false));
        Self { id: slot.id.local(), phase, looker, watch, ended: None }
    }

    /// Looks once; when to look again, if at all.
    async fn look(&mut self, since: Instant) -> Option<Duration> {
        let look = self.looker.look(&self.phase.check).await;
        let sample = Sample { at_ms: since.elapsed().as_secs_f64() * 1000.0, look };
        let decision = self.watch.step(&sample);
        let is_over = sample.look.is_err() && self.looker.targets.site.check_alive().await.is_err();
        match decision {
            Decision::Again { after } if !is_over => Some(after),
            Decision::Again { .. } => self.end(Ended::TimedOut),
            Decision::Done(ended) => self.end(ended),
        }
    }

    fn end(&mut self, ended: Ended) -> Option<Duration> {
        self.ended = Some(ended);
        None
    }

    fn part(self) -> Part {
        self.watch.part(self.ended.unwrap_or(Ended::TimedOut))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_contracts::model::{Event, Expectation, UsageCheck, UsageOf};

    fn usage(for_: Option<u64>) -> Clause {
        let memory = Expectation::Equal(1.into());
        let check = Check::Usage(UsageCheck { of: UsageOf::Node, memory: Some(memory), cpu: None });
        Clause::of(Phase { for_: for_.map(Duration::from_secs), ..Phase::of(check) })
    }

    #[test]
    fn only_what_watches_memory_is_observed_together() {
        assert!(is_budget(&usage(Some(60))));
        assert!(!is_budget(&usage(None)));
        assert!(!is_budget(&Clause { when: vec![Event::Reinstall], ..usage(Some(60)) }));
        assert!(!is_budget(&Clause::of(Phase {
            for_: Some(Duration::from_secs(1)),
            ..Phase::of(Check::Dns(Vec::new()))
        })));
    }
}
