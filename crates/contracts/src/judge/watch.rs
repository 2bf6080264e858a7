//! The wait of one phase as a pure state machine: it is stepped with samples and says whether to look again. It keeps
//! the samples that the verdict needs, so that [`super::evaluate`] finds the same verdict in the record.

use super::checks::{Outcome, look};
use crate::model::{Check, Phase, Timeouts};
use seatrial_observation::{Ended, Part, Sample, Seen};
use std::time::Duration;

/// What a watch must know besides its phase.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Whether something happened (`when`): then a check is waited for.
    pub has_event: bool,
    /// When to give up.
    pub timeouts: Timeouts,
    /// How much longer to wait before giving up on a slow machine; promises are never stretched.
    pub slow: f64,
    /// What was there before `when`, for `unchanged`.
    pub before: Option<Seen>,
}

/// What to do after a look.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Look again after this time.
    Again {
        /// The time.
        after: Duration,
    },
    /// Looking is over.
    Done(Ended),
}

/// How a phase is watched, by its time words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// One look decides.
    Once,
    /// It must come true.
    Eventual,
    /// Every look must hold.
    Hold,
    /// It must come true and then hold.
    ThenHold,
}

/// The fewest looks that prove that something held for a time.
pub(super) const FEWEST_LOOKS: u64 = 3;

impl Mode {
    pub(super) fn of(phase: &Phase, has_event: bool) -> Self {
        match (phase.within, phase.for_) {
            (Some(_), Some(_)) => Self::ThenHold,
            (None, Some(_)) => Self::Hold,
            (Some(_), None) => Self::Eventual,
            (None, None) if has_event || is_settling(&phase.check) => Self::Eventual,
            (None, None) => Self::Once,
        }
    }
}

/// Checks of state that settles by itself.
fn is_settling(check: &Check) -> bool {
    matches!(check, Check::Object(_) | Check::Logs(_) | Check::Ready(_) | Check::Leaves(_) | Check::Job(_))
}

/// The watch over one phase.
#[derive(Clone, Debug)]
pub struct Watch {
    phase: Phase,
    rules: Rules,
    mode: Mode,
    looks: u64,
    /// Since when it has held without a break, and for how many looks.
    held: Option<(f64, u64)>,
    kept: Vec<Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    sample: Sample,
    is_telling: bool,
    highest: f64,
}

impl Watch {
    /// A watch that has seen nothing yet.
    pub fn new(phase: &Phase, rules: &Rules) -> Self {
        let mode = Mode::of(phase, rules.has_event);
        Self { phase: phase.clone(), rules: rules.clone(), mode, looks: 0, held: None, kept: Vec::new() }
    }

    /// Takes one look into account. `at_ms` of samples counts from the event, from the exec of helm for `ready`, and
    /// from the begin of the phase where nothing happened.
    pub fn step(&mut self, sample: &Sample) -> Decision {
        let judged = sample.look.as_ref().ok().map(|seen| look(&self.phase.check, seen, self.rules.before.as_ref()));
        let highest = judged.iter().flat_map(|j| &j.measured).map(|m| m.value).fold(0.0, f64::max);
        let outcome = judged.map(|judged| judged.outcome);
        self.keep(sample, outcome.as_ref() == Some(&Outcome::Holds), highest);
        match outcome {
            Some(Outcome::Doomed(reason)) => Decision::Done(Ended::Doomed(reason)),
            Some(Outcome::Holds) => self.after_good(sample.at_ms),
            Some(Outcome::Broken(_)) => self.after_broken(sample.at_ms),
            Some(Outcome::Unseen(_)) | None => self.again_until(sample.at_ms),
        }
    }

    /// The record of what was seen, with why looking ended.
    pub fn part(self, ended: Ended) -> Part {
        let samples = self.kept.into_iter().map(|kept| kept.sample).collect();
        Part { before: self.rules.before, samples, looks: self.looks, ended }
    }

    fn after_good(&mut self, at_ms: f64) -> Decision {
        let (since, looks) = self.held.map_or((at_ms, 1), |(since, looks)| (since, looks + 1));
        self.held = Some((since, looks));
        let holds_for = self.phase.for_.map_or(0.0, |d| d.as_secs_f64() * 1e3);
        let is_enough = match self.mode {
            Mode::Once | Mode::Eventual => true,
            Mode::Hold | Mode::ThenHold => at_ms - since >= holds_for && looks >= FEWEST_LOOKS,
        };
        if is_enough { Decision::Done(Ended::Decided) } else { self.again_until(at_ms) }
    }

    fn after_broken(&mut self, at_ms: f64) -> Decision {
        let is_over = match self.mode {
            Mode::Once | Mode::Hold => true,
            Mode::ThenHold => self.held.is_some(),
            Mode::Eventual => false,
        };
        if is_over { Decision::Done(Ended::Decided) } else { self.again_until(at_ms) }
    }

    fn again_until(&self, at_ms: f64) -> Decision {
        if at_ms >= self.give_up_ms() {
            return Decision::Done(Ended::TimedOut);
        }
        Decision::Again { after: self.pace() }
    }

    /// A promise is looked at for half its time more, so that the report can say how late it came true.
    fn give_up_ms(&self) -> f64 {
        let timeout = match self.phase.check {
            Check::Ready(_) => self.rules.timeouts.ready,
            _ => self.rules.timeouts.clause,
        };
        let patience = timeout.as_secs_f64() * 1e3 * self.rules.slow;
        let hold = self.phase.for_.map_or(0.0, |d| d.as_secs_f64() * 1e3);
        let promise = self.phase.within.map(|within| within.limit.as_secs_f64() * 1.5e3);
        match (promise, self.held) {
            (Some(promise), None) if matches!(self.phase.check, Check::Ready(_)) => promise.max(patience),
            (Some(promise), None) => promise,
            (_, Some((since, _))) => since + hold + patience,
            (None, None) => hold + patience,
        }
    }

    fn pace(&self) -> Duration {
        let is_holding = matches!(self.mode, Mode::Hold) || (self.mode == Mode::ThenHold && self.held.is_some());
        Duration::from_millis(match self.phase.check {
            Check::HelmTest(_) => 1000,
            Check::Usage(_) => 500,
            _ if is_holding => 250,
            Check::Http(_) | Check::Tcp(_) | Check::Dns(_) => 20,
            Check::Ready(_) => 50,
            Check::Registry(_) | Check::Run(_) | Check::Ws(_) | Check::Postgres(_) => 200,
            _ => 100,
        })
    }

    /// Keeps a sample; where there are too many, one of the middle that tells nothing goes.
    fn keep(&mut self, sample: &Sample, is_good: bool, highest: f64) {
        self.looks += 1;
        let is_first_good = is_good && self.held.is_none();
        let is_highest = self.kept.iter().all(|kept| highest > kept.highest);
        self.kept.push(Kept { sample: sample.clone(), is_telling: is_first_good, highest });
        if self.kept.len() <= self.room() {
            return;
        }
        let top = self.kept.iter().map(|kept| kept.highest).fold(0.0, f64::max);
        let last = self.kept.len() - 2;
        let is_dull = |kept: &Kept| !kept.is_telling && (is_highest || kept.highest < top || top == 0.0);
        if let Some(index) = (1..last).find(|i| is_dull(&self.kept[*i])) {
            self.kept.remove(index);
        }
    }

    /// Logs and objects are large.
    fn room(&self) -> usize {
        match self.phase.check {
            Check::Logs(_) => 4,
            Check::Object(_) | Check::Leaves(_) | Check::Restarts(_) => 12,
            _ => 60,
        }
    }

    /// What the watch itself thinks, from its own state: [`super::evaluate`] must agree.
    #[cfg(test)]
    pub(super) fn holds_at_end(&self, ended: &Ended) -> bool {
        let limit = self.phase.within.map_or(f64::INFINITY, |w| w.limit.as_secs_f64() * 1e3);
        let last = self.kept.last().and_then(|kept| kept.sample.look.as_ref().ok());
        let is_last_good =
            last.is_some_and(|s| look(&self.phase.check, s, self.rules.before.as_ref()).outcome == Outcome::Holds);
        *ended == Ended::Decided && is_last_good && self.held.is_some_and(|(since, _)| since <= limit)
    }
}
