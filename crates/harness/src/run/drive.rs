//! Driving one phase: the state machine of the judge says when to look again and when it has seen enough.

use super::latency;
use super::look::Looker;
use seatrial_contracts::judge::{Decision, Rules, Watch};
use seatrial_contracts::model::{Check, Phase};
use seatrial_observation::{Ended, LookError, Part, Sample, Seen};
use seatrial_probes::wait;
use std::time::Instant;

/// Looks until the watch has seen enough; stamps count from `since`.
pub(super) async fn phase(looker: &mut Looker<'_>, phase: &Phase, rules: &Rules, since: Instant) -> Part {
    let site = looker.targets.site;
    let is_there = async || site.check_alive().await.is_ok();
    let mut part = phase_by(phase, rules, since, async |check| looker.look(check).await, is_there).await;
    latency::measure(looker, phase, &mut part, since).await;
    part
}

/// The same, by whoever looks. Where looking failed and what is looked at is not there any more, it is over: nobody waits
/// out a promise of a minute for a cluster that is gone.
pub(super) async fn phase_by(
    phase: &Phase,
    rules: &Rules,
    since: Instant,
    mut look: impl AsyncFnMut(&Check) -> Result<Seen, LookError>,
    is_there: impl AsyncFn() -> bool,
) -> Part {
    let mut watch = Watch::new(phase, rules);
    loop {
        let look = look(&phase.check).await;
        let sample = Sample { at_ms: since.elapsed().as_secs_f64() * 1000.0, look };
        match watch.step(&sample) {
            Decision::Done(ended) => return watch.part(ended),
            Decision::Again { .. } if sample.look.is_err() && !is_there().await => return watch.part(Ended::TimedOut),
            Decision::Again { after } => wait::pause(after).await,
        }
    }
}

/// The same from samples that were taken before.
pub(super) fn replay(phase: &Phase, rules: &Rules, samples: &[Sample]) -> Part {
    let mut watch = Watch::new(phase, rules);
    for sample in samples {
        if let Decision::Done(ended) = watch.step(sample) {
            return watch.part(ended);
        }
    }
    watch.part(Ended::TimedOut)
}
