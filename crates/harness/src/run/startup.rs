//! Startup budgets: clauses that judge an install from nothing, and share it.

use super::drive;
use super::observe::rules;
use super::targets::chosen;
use crate::release::{Fresh, ReleaseError, Site, Stage};
use seatrial_contracts::judge;
use seatrial_contracts::model::{Check, Clause, Phase, ReadyOf, Slot};
use seatrial_observation::{Ended, Observation, Sample, Seen};

/// `ready: release, within: 5s` judges an install of its own, which all such clauses share.
pub(super) fn is_budget(clause: &Clause) -> bool {
    let is_ready = |phase: &Phase| {
        matches!(phase.check, Check::Ready(_)) && phase.within.is_some_and(|within| within.than.is_none())
    };
    clause.when.is_empty() && !clause.then.is_empty() && clause.then.iter().all(is_ready)
}

/// The record of as many fresh installs as the clause asks for.
pub(super) async fn observe(site: &Site, stage: &Stage<'_>, slot: &Slot) -> Result<Observation, ReleaseError> {
    let rules = rules(site, stage, false);
    let phases = judge::phases(slot, stage.environment);
    let mut observation = Observation::default();
    for phase in &phases {
        for index in 0..phase.repeat.unwrap_or(1) {
            let fresh = installed(site, stage, index).await?;
            observation.parts.push(drive::replay(phase, &rules, &samples_of(&fresh, stage, phase)));
            observation.actions.notes.push(format!("a fresh install, generation {}", fresh.generation));
            observation.generation = fresh.generation;
            observation.starts.push(fresh.progress.starts);
            if observation.parts.last().is_some_and(|part| part.ended != Ended::Decided) {
                return Ok(observation);
            }
        }
    }
    Ok(observation)
}

async fn installed(site: &Site, stage: &Stage<'_>, index: u32) -> Result<Fresh, ReleaseError> {
    let fresh = site.fresh(stage, index).await?;
    if fresh.helm.code == Some(0) {
        return Ok(fresh);
    }
    let message = format!("helm ended with {:?}: {}", fresh.helm.code, fresh.helm.stderr.trim());
    Err(ReleaseError::Recorded { message })
}

/// The samples of the shared install, less the objects that the phase does not name.
fn samples_of(fresh: &Fresh, stage: &Stage<'_>, phase: &Phase) -> Vec<Sample> {
    let Check::Ready(ReadyOf::Targets(targets)) = &phase.check else { return fresh.progress.samples.clone() };
    let names: Vec<String> =
        chosen(stage.judged(), targets).iter().map(|(kind, name)| format!("{kind}/{name}")).collect();
    let mut samples = fresh.progress.samples.clone();
    for sample in &mut samples {
        if let Ok(Seen::Readiness(looks)) = &mut sample.look {
            looks.retain(|look| names.contains(&look.object));
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_contracts::model::{Reference, Within};
    use std::time::Duration;

    fn clause(check: Check, within: Option<Within>) -> Clause {
        Clause::of(Phase { within, ..Phase::of(check) })
    }

    #[test]
    fn a_promise_about_readiness_without_an_event_is_a_startup_budget() {
        let within = Some(Within { limit: Duration::from_secs(5), is_of_ready: false, than: None });
        assert!(is_budget(&clause(Check::Ready(ReadyOf::Release), within)));
        assert!(!is_budget(&clause(Check::Ready(ReadyOf::Release), None)));
        let than = within.map(|within| Within { than: Some(Reference::Docker), ..within });
        assert!(!is_budget(&clause(Check::Ready(ReadyOf::Release), than)));
        assert!(!is_budget(&clause(Check::Dns(Vec::new()), within)));
    }
}
