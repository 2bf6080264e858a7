//! Watching a promise `throughout` an event: before it, while it goes on, and until some time after all is ready again.
//! A pure state machine; [`judged`] finds in its record what it saw.

use super::checks::{Outcome, look};
use super::evaluate::Ruling;
use crate::model::{Check, Measured, Phase};
use seatrial_observation::{Ended, Part, Sample};
use std::time::Duration;

/// How long the promise must hold after all is ready again.
const AFTER: Duration = Duration::from_secs(5);

/// Good looks before the event.
const BEFORE: u64 = 3;

/// Broken looks that are kept.
const BROKEN_KEPT: usize = 20;

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Watchful {
    /// Look again after this time.
    Again(Duration),
    /// Enough was seen.
    Over(Ended),
}

/// The watch over one phase that must hold throughout. Stamps of looks count from the begin of looking; in the record
/// they count from the event, so that those before it are negative.
#[derive(Clone, Debug)]
pub struct Vigil {
    phase: Phase,
    looks: u64,
    good: u64,
    /// When the event began.
    began: Option<f64>,
    /// When all was ready again after it.
    settled: Option<f64>,
    first: Vec<Sample>,
    odd: Vec<Sample>,
    last: Option<Sample>,
}

impl Vigil {
    /// A watch that has seen nothing yet.
    pub fn new(phase: &Phase) -> Self {
        let (first, odd, last) = (Vec::new(), Vec::new(), None);
        Self { phase: phase.clone(), looks: 0, good: 0, began: None, settled: None, first, odd, last }
    }

    /// Whether enough was seen for the event to begin.
    pub fn is_prepared(&self) -> bool {
        self.good >= BEFORE || !self.odd.is_empty()
    }

    /// The event begins.
    pub fn begins(&mut self, at_ms: f64) {
        self.began = Some(at_ms);
    }

    /// All is ready again.
    pub fn settles(&mut self, at_ms: f64) {
        self.settled = Some(at_ms);
    }

    /// Takes one look into account.
    pub fn step(&mut self, sample: &Sample) -> Watchful {
        self.looks += 1;
        let outcome = sample.look.as_ref().ok().map(|seen| look(&self.phase.check, seen, None).outcome);
        if outcome == Some(Outcome::Holds) {
            self.good += 1;
            if self.first.len() < 3 {
                self.first.push(sample.clone());
            } else {
                self.last = Some(sample.clone());
            }
        } else if self.odd.len() < BROKEN_KEPT {
            self.odd.push(sample.clone());
        }
        match self.settled {
            Some(settled) if sample.at_ms - settled >= AFTER.as_secs_f64() * 1e3 => Watchful::Over(Ended::Decided),
            _ => Watchful::Again(self.pace()),
        }
    }

    /// A request is lost in a moment; what settles slowly needs no more than ten looks a second.
    fn pace(&self) -> Duration {
        Duration::from_millis(match self.phase.check {
            Check::Http(_) | Check::Tcp(_) | Check::Dns(_) => 20,
            Check::Registry(_) | Check::Run(_) => 200,
            _ => 100,
        })
    }

    /// The record of what was seen.
    pub fn part(self, ended: Ended) -> Part {
        let began = self.began.unwrap_or(f64::INFINITY);
        let mut samples: Vec<Sample> = self.first.into_iter().chain(self.odd).chain(self.last).collect();
        samples.sort_by(|a, b| a.at_ms.total_cmp(&b.at_ms));
        for sample in &mut samples {
            sample.at_ms = if began.is_finite() { sample.at_ms - began } else { -1.0 };
        }
        Part { before: None, samples, looks: self.looks, ended }
    }
}

/// What came of a promise that was to hold throughout.
pub(super) fn judged(phase: &Phase, part: &Part) -> Ruling {
    let outcome = |sample: &Sample| match &sample.look {
        Ok(seen) => look(&phase.check, seen, None).outcome,
        Err(error) => Outcome::Unseen(format!("looking failed: {}", error.message)),
    };
    let looks = part.looks;
    let odd: Vec<(f64, Outcome)> = part.samples.iter().map(|s| (s.at_ms, outcome(s))).collect();
    let broken: Vec<(f64, &String)> = odd
        .iter()
        .filter_map(|(at, outcome)| match outcome {
            Outcome::Broken(message) => Some((*at, message)),
            _ => None,
        })
        .collect();
    if let Some((at, message)) = broken.first() {
        let most = if broken.len() >= BROKEN_KEPT { "at least " } else { "" };
        let text = format!("{message} ({}; {most}{} of {looks} looks)", moment(*at), broken.len());
        return Ruling::Fail { cause: "mismatch", message: text, measured: vec![count(looks)] };
    }
    let unseen = odd.iter().find_map(|(at, outcome)| match outcome {
        Outcome::Unseen(message) => Some(format!("{message} ({})", moment(*at))),
        Outcome::Doomed(reason) => Some(format!("{reason} ({})", moment(*at))),
        _ => None,
    });
    let before = odd.iter().filter(|(at, _)| *at < 0.0).count();
    match unseen {
        Some(message) => Ruling::unclear("apparatus", message),
        None if before == 0 || looks < BEFORE => Ruling::unclear("missing", "it was not looked at before the event"),
        None if part.ended != Ended::Decided => {
            Ruling::unclear("missing", format!("it held in {looks} looks, but the release did not get ready again"))
        }
        None => Ruling::Pass(vec![count(looks)]),
    }
}

fn moment(at_ms: f64) -> String {
    let seconds = at_ms.abs() / 1e3;
    if at_ms < 0.0 {
        format!("{seconds:.1} s before the event")
    } else {
        format!("{seconds:.1} s after the event began")
    }
}

fn count(looks: u64) -> Measured {
    Measured { what: "looks throughout".to_owned(), value: looks as f64, limit: None, unit: String::new(), n: looks }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Name, Target, TcpCheck};
    use seatrial_observation::{FailureKind, LookError, ProbeAnswer, ProbeFailure, ProbeOutcome, Seen};

    fn phase() -> Phase {
        let to = Target::Service { name: Name::Is("x".into()), port: None, path: String::new() };
        Phase { throughout: true, ..Phase::of(Check::Tcp(TcpCheck { to, failure: None })) }
    }

    fn sample(at_ms: f64, is_good: bool) -> Sample {
        let refused = ProbeFailure { kind: FailureKind::Refused, message: "refused".to_owned() };
        let result = if is_good { Ok(ProbeAnswer::Tcp { peer: "10.0.0.1:80".to_owned() }) } else { Err(refused) };
        Sample { at_ms, look: Ok(Seen::Probes(vec![ProbeOutcome { took_ms: 1.0, result }])) }
    }

    /// Looks every 100 ms for 10 s; the event is at 1 s, all is ready again at 3 s where it gets ready at all. Broken
    /// from `from` to `to`. The ruling's kind and the beginning of its message.
    fn check(from: f64, to: f64, settles: bool, expected: &str) {
        let mut vigil = Vigil::new(&phase());
        let mut ended = Ended::TimedOut;
        for tenth in 0..100 {
            let at = f64::from(tenth) * 100.0;
            if tenth == 10 {
                assert!(vigil.is_prepared());
                vigil.begins(at);
            }
            if tenth == 30 && settles {
                vigil.settles(at);
            }
            if let Watchful::Over(over) = vigil.step(&sample(at, at < from || at >= to)) {
                assert!(at >= 8000.0, "it was watched until 5 s after");
                ended = over;
                break;
            }
        }
        let seen = match judged(&phase(), &vigil.part(ended)) {
            Ruling::Pass(measured) => format!("pass {}", measured[0].n),
            Ruling::Fail { message, .. } => format!("fail {message}"),
            Ruling::Inconclusive { message, .. } => format!("unclear {message}"),
        };
        assert!(seen.starts_with(expected), "{seen}");
    }

    #[test]
    fn what_holds_before_during_and_after_passes() {
        check(0.0, 0.0, true, "pass 81");
    }

    #[test]
    fn one_gap_anywhere_fails() {
        let text =
            "fail tcp svc/x: expected a connection, seen connection refused (refused) (0.5 s after the event began";
        check(1500.0, 2000.0, true, text);
        check(7900.0, 8000.0, true, "fail tcp svc/x");
        check(500.0, 600.0, true, "fail tcp svc/x");
        check(1500.0, 9000.0, false, "fail tcp svc/x");
    }

    #[test]
    fn what_was_not_seen_whole_is_no_pass() {
        check(0.0, 0.0, false, "unclear it held in 100 looks, but the release did not get ready again");
        let lost = Sample { at_ms: 5.0, look: Err(LookError { message: "away".to_owned() }) };
        let part = Part { before: None, samples: vec![sample(-1.0, true), lost], looks: 9, ended: Ended::Decided };
        assert!(matches!(judged(&phase(), &part), Ruling::Inconclusive { cause: "apparatus", .. }));
        let part = Part { before: None, samples: vec![sample(1.0, true)], looks: 9, ended: Ended::Decided };
        assert!(matches!(judged(&phase(), &part), Ruling::Inconclusive { cause: "missing", .. }));
    }
}
