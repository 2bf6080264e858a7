//! `throughout`: one looks without a break, while another lets the event happen and waits until all is ready again.

use super::act;
use super::address::Addresses;
use super::look::Looker;
use super::observe::ready_again;
use seatrial_contracts::judge::{Vigil, Watchful};
use seatrial_contracts::model::{Clause, Phase};
use seatrial_observation::{Ended, Part, Reason, Sample};
use seatrial_probes::wait;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How far the event has got, as the one who looks reads it.
#[derive(Clone, Copy, Default)]
struct Progress {
    is_prepared: bool,
    began: Option<Instant>,
    settled: Option<Instant>,
    is_over: bool,
}

/// Whether the clause is watched while its event goes on.
pub(super) fn is_watched(clause: &Clause) -> bool {
    clause.then.iter().any(|phase| phase.throughout)
}

/// Looks from before the event until some time after it; `Err` where the event could not be done.
pub(super) async fn observe(
    looker: &mut Looker<'_>,
    clause: &Clause,
    phase: &Phase,
    notes: &mut Vec<String>,
) -> Result<Part, Reason> {
    let targets = looker.targets;
    let addresses = Addresses::new(targets.site, targets.stage, &clause.from);
    let mut eye = Looker::new(targets, addresses, &clause.tolerates);
    eye.seeds.clone_from(&looker.seeds);
    let phase = &looker.memory.filled(phase);
    let progress = Mutex::new(Progress::default());
    let (part, happened) =
        tokio::join!(Box::pin(watched(&mut eye, phase, &progress)), happen(looker, clause, &progress, notes));
    eye.close().await;
    happened.map(|()| part)
}

fn tell(progress: &Mutex<Progress>, change: impl FnOnce(&mut Progress)) {
    change(&mut progress.lock().unwrap_or_else(PoisonError::into_inner));
}

fn read(progress: &Mutex<Progress>) -> Progress {
    *progress.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn watched(eye: &mut Looker<'_>, phase: &Phase, progress: &Mutex<Progress>) -> Part {
    let (mut vigil, start) = (Vigil::new(phase), Instant::now());
    let at = |moment: Instant| moment.saturating_duration_since(start).as_secs_f64() * 1000.0;
    loop {
        let look = eye.look(&phase.check).await;
        let now = read(progress);
        now.began.into_iter().for_each(|began| vigil.begins(at(began)));
        now.settled.into_iter().for_each(|settled| vigil.settles(at(settled)));
        let next = vigil.step(&Sample { at_ms: at(Instant::now()), look });
        tell(progress, |progress| progress.is_prepared = vigil.is_prepared());
        match next {
            Watchful::Over(ended) => return vigil.part(ended),
            // It did not get ready again: nothing more is to come.
            Watchful::Again(_) if now.is_over && now.settled.is_none() => return vigil.part(Ended::TimedOut),
            Watchful::Again(after) => wait::pause(after).await,
        }
    }
}

/// The event, once it was seen that the promise holds; then the wait until all is ready again.
async fn happen(
    looker: &mut Looker<'_>,
    clause: &Clause,
    progress: &Mutex<Progress>,
    notes: &mut Vec<String>,
) -> Result<(), Reason> {
    let patience = looker.targets.stage.chart.timeouts.clause;
    let asked = Instant::now();
    while !read(progress).is_prepared && asked.elapsed() < patience {
        wait::pause(Duration::from_millis(20)).await;
    }
    tell(progress, |progress| progress.began = Some(Instant::now()));
    let happened = act::when(looker, &clause.when, notes).await;
    // Whether it gets ready again is seen by who looks: a promise that broke meanwhile is broken.
    let again = if happened.is_ok() { ready_again(looker, &[], &mut None, notes).await.ok() } else { None };
    tell(progress, |progress| {
        progress.settled = again;
        progress.is_over = true;
    });
    happened.map(|_| ())
}
