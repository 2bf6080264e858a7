//! Watching a release get ready: one sample for each change, stamped when it arrived.

use super::mirror::Mirror;
use crate::readiness::{self, History};
use seatrial_observation::{Ended, Look, ObjectLook, Part, PodStart, Reason, Sample, Seen};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// The most samples that are kept.
const KEPT: usize = 200;

/// The longest pause between two looks: some dooms need time and no change.
const LONGEST: Duration = Duration::from_millis(250);

/// How a release got ready, or did not.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    pub(crate) samples: Vec<Sample>,
    pub(crate) looks: u64,
    pub(crate) ended: Ended,
    /// How the pods came up, counted from the same moment.
    #[serde(default)]
    pub(crate) starts: Vec<PodStart>,
}

impl Progress {
    /// Nothing was seen yet.
    pub(super) fn none() -> Self {
        Self { samples: Vec::new(), looks: 0, ended: Ended::TimedOut, starts: Vec::new() }
    }

    pub(crate) fn part(&self) -> Part {
        Part { before: None, samples: self.samples.clone(), looks: self.looks, ended: self.ended.clone() }
    }

    /// Why it did not get ready, if it did not.
    pub(crate) fn problem(&self) -> Option<String> {
        match &self.ended {
            Ended::Decided => None,
            Ended::Doomed(reason) => Some(reason.to_string()),
            Ended::TimedOut => Some(self.last_reason().map_or("nothing was seen".to_owned(), ToString::to_string)),
        }
    }

    fn last_reason(&self) -> Option<&Reason> {
        match &self.samples.last()?.look {
            Ok(Seen::Readiness(looks)) => looks.iter().find_map(ObjectLook::reason),
            _ => None,
        }
    }

    fn keep(&mut self, sample: Sample) {
        self.looks += 1;
        let is_news = self.samples.last().is_none_or(|last| last.look != sample.look);
        if is_news {
            // The first say how it began, the last how it ended; what is between them may go.
            if self.samples.len() >= KEPT {
                self.samples.remove(KEPT / 2);
            }
            self.samples.push(sample);
        }
    }
}

/// Looks until everything is ready, something is doomed, or it is time to give up; counted from `start`.
pub(crate) async fn until_ready(
    mirror: &mut Mirror,
    judged: &[(String, String)],
    start: Instant,
    give_up: Duration,
    tolerates: &[String],
) -> Progress {
    let mut history = History::default();
    let mut progress = Progress::none();
    loop {
        let now = start.elapsed();
        let looks = readiness::release(judged, &mirror.snapshot(), &mut history, now, tolerates);
        let ended = ended(&looks, now >= give_up);
        progress.keep(Sample { at_ms: now.as_secs_f64() * 1000.0, look: Ok(Seen::Readiness(looks)) });
        if let Some(ended) = ended {
            progress.ended = ended;
            progress.starts = mirror.starts(start);
            return progress;
        }
        mirror.until_changed(LONGEST.min(give_up.saturating_sub(now))).await;
    }
}

fn ended(looks: &[ObjectLook], is_over: bool) -> Option<Ended> {
    let doom = looks.iter().find_map(|one| match &one.look {
        Look::Doomed(reason) => Some(reason.clone()),
        _ => None,
    });
    match doom {
        Some(reason) => Some(Ended::Doomed(reason)),
        None if looks.iter().all(|one| one.look.is_ready()) => Some(Ended::Decided),
        None => is_over.then_some(Ended::TimedOut),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(look: Look<()>) -> ObjectLook {
        ObjectLook { object: "Deployment/web".to_owned(), look }
    }

    #[test]
    fn doom_ends_at_once_and_readiness_needs_all() {
        let pending = look(Look::Pending(Reason::new("not yet")));
        let doomed = look(Look::Doomed(Reason::new("never")));
        let ready = look(Look::Ready(()));
        assert_eq!(ended(&[ready.clone(), pending.clone()], false), None);
        assert_eq!(ended(&[ready.clone(), pending.clone()], true), Some(Ended::TimedOut));
        assert_eq!(ended(&[pending, doomed], false), Some(Ended::Doomed(Reason::new("never"))));
        assert_eq!(ended(&[ready], false), Some(Ended::Decided));
    }

    #[test]
    fn the_same_look_twice_is_kept_once_and_the_kept_are_bounded() {
        let mut progress = Progress::none();
        for i in 0..1000 {
            let reason = Reason::new(format!("step {}", i / 2));
            let look = Ok(Seen::Readiness(vec![look(Look::Pending(reason))]));
            progress.keep(Sample { at_ms: f64::from(i), look });
        }
        assert_eq!(progress.looks, 1000);
        assert_eq!(progress.samples.len(), KEPT);
        assert!(progress.problem().is_some_and(|problem| problem.contains("step 499")));
    }
}
