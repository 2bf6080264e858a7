//! The verdict from the record alone: what [`super::Watch`] decided while looking is found again here.

use super::checks::{Judged, Outcome, look};
use super::clause_of::is_looked_at;
use super::latency::{self, Finding};
use super::saved::Memory;
use super::verdicts::{UNDECIDED, fail, finish, inconclusive, pass};
use super::watch::{FEWEST_LOOKS, Mode};
use super::{admission, blame, clause_of, load, starts, startup, statics, vigil};
use crate::model::{
    ChartPlan, Check, Clause, EnvironmentPlan, Latency, Measured, Phase, Slot, Verdict, VerdictKind, What,
};
use seatrial_observation::{Ended, Observation, Part, Reason, Sample, Seen};

/// Judges a slot by what was observed for it. Nothing observed is Inconclusive.
pub fn evaluate(
    chart: &ChartPlan,
    environment: &EnvironmentPlan,
    slot: &Slot,
    observation: Option<&Observation>,
) -> Verdict {
    let mut verdict = match observation {
        None => inconclusive(slot, "missing", "nothing was observed"),
        Some(observation) => judge(chart, environment, slot, observation),
    };
    verdict.measured.extend(observation.iter().flat_map(|o| startup::shares(&o.starts)));
    verdict.seconds = observation.map_or(0.0, |o| o.seconds);
    verdict.stubs = observation.map(|o| o.stubs.clone()).unwrap_or_default();
    if verdict.kind == VerdictKind::Fail && verdict.places.is_empty() {
        verdict.places.extend(observation.and_then(|o| blame::place(chart, environment, slot, o)));
    }
    finish(verdict, chart, environment, slot)
}

/// What came of one part.
pub(super) enum Ruling {
    Pass(Vec<Measured>),
    Fail { cause: &'static str, message: String, measured: Vec<Measured> },
    Inconclusive { cause: &'static str, message: String, measured: Vec<Measured> },
}

impl Ruling {
    fn fail(cause: &'static str, message: impl Into<String>) -> Self {
        Self::Fail { cause, message: message.into(), measured: Vec::new() }
    }

    pub(super) fn unclear(cause: &'static str, message: impl Into<String>) -> Self {
        Self::Inconclusive { cause, message: message.into(), measured: Vec::new() }
    }

    /// Says which time it was, where there are several.
    fn the(self, time: u32, of: u32) -> Self {
        let told = |message: String| if of > 1 { format!("time {time} of {of}: {message}") } else { message };
        match self {
            Self::Pass(measured) => Self::Pass(measured),
            Self::Fail { cause, message, measured } => Self::Fail { cause, message: told(message), measured },
            Self::Inconclusive { cause, message, measured } => {
                Self::Inconclusive { cause, message: told(message), measured }
            }
        }
    }

    fn verdict(self, slot: &Slot) -> Verdict {
        match self {
            Self::Pass(measured) => pass(slot, measured),
            Self::Fail { cause, message, measured } => Verdict { measured, ..fail(slot, cause, message) },
            Self::Inconclusive { cause, message, measured } => {
                Verdict { measured, ..inconclusive(slot, cause, message) }
            }
        }
    }
}

fn judge(chart: &ChartPlan, environment: &EnvironmentPlan, slot: &Slot, observation: &Observation) -> Verdict {
    if let Some(ruling) = not_looked(observation) {
        return ruling.verdict(slot);
    }
    if slot.what == What::Admitted {
        return admission::judge(chart, environment, slot, observation);
    }
    if slot.what == What::Installs {
        return installs(observation).verdict(slot);
    }
    let Some(clause) = clause_of(slot, environment) else {
        return statics::judge_static(chart, environment, slot);
    };
    match &clause.then[..] {
        [] => inconclusive(slot, "missing", "the clause has no check"),
        phases => {
            let verdict = all_phases(chart, environment, slot, &clause, phases, observation);
            let mut verdict = load::beside(verdict, slot, &clause, observation);
            if verdict.kind == VerdictKind::Fail && verdict.places.is_empty() {
                verdict.places = blame::let_through(chart, phases, observation);
            }
            verdict
        }
    }
}

fn not_looked(observation: &Observation) -> Option<Ruling> {
    if let Some(reason) = &observation.unlooked {
        return Some(Ruling::unclear("apparatus", text(reason)));
    }
    if let Some(reason) = &observation.actions.before_failed {
        return Some(Ruling::unclear("before", format!("blocked by before: {}", text(reason))));
    }
    let reason = observation.actions.when_failed.as_ref()?;
    if observation.actions.is_refused {
        return Some(Ruling::fail("when", format!("what was to happen was refused: {}", text(reason))));
    }
    Some(Ruling::unclear("when", format!("what was to happen could not be done: {}", text(reason))))
}

/// The phases in order: the first that is no pass decides; each looked-at one takes the next part.
fn all_phases(
    chart: &ChartPlan,
    environment: &EnvironmentPlan,
    slot: &Slot,
    clause: &Clause,
    phases: &[Phase],
    observation: &Observation,
) -> Verdict {
    let mut parts = observation.parts.iter();
    let mut measured = Vec::new();
    let looked: Vec<&Phase> = phases.iter().filter(|phase| is_looked_at(&phase.check)).collect();
    let rounds = looked.iter().filter_map(|phase| phase.repeat).max().unwrap_or(1);
    if rounds > 1 && looked.len() > 1 {
        let mut on_files = phases.iter().filter_map(|phase| statics::of_check(chart, environment, slot, &phase.check));
        if let Some(failed) = on_files.find(|verdict| verdict.kind != VerdictKind::Pass) {
            return failed;
        }
        let memory = Memory::of(&observation.actions.saved);
        return in_rounds(&looked, &memory, rounds, !clause.when.is_empty(), &mut parts).verdict(slot);
    }
    let mut memory = Memory::of(&observation.actions.saved);
    for phase in phases {
        if let Some(verdict) = statics::of_check(chart, environment, slot, &phase.check) {
            if verdict.kind != VerdictKind::Pass {
                return verdict;
            }
            continue;
        }
        let next = parts.clone().next();
        let filled = memory.filled(phase);
        if let Some(part) = next {
            memory.learn(phase, part);
        }
        match in_a_row(&filled, !clause.when.is_empty(), &mut parts) {
            Ruling::Pass(values) => measured.extend(values),
            other => return other.verdict(slot),
        }
    }
    pass(slot, measured)
}

fn installs(observation: &Observation) -> Ruling {
    let Some(part) = observation.parts.first() else { return Ruling::unclear("missing", "helm was not run") };
    if let Ended::Doomed(reason) = &part.ended {
        return Ruling::fail("doomed", text(reason));
    }
    match part.samples.last().map(|sample| &sample.look) {
        Some(Ok(Seen::Command(command))) => match command.code {
            Some(0) => Ruling::Pass(vec![measured("helm", command.seconds, None, "s", 1)]),
            Some(code) => Ruling::fail("helm", format!("helm ended with {code}: {}", command.stderr.trim())),
            None => Ruling::fail("timeout", format!("helm did not end by itself: {}", command.stderr.trim())),
        },
        Some(Ok(_)) => Ruling::unclear("apparatus", "what was observed is not the end of helm"),
        Some(Err(error)) => Ruling::unclear("apparatus", error.message.clone()),
        None => Ruling::unclear("missing", "the end of helm was not seen"),
    }
}

/// What is repeated with several checks: in each round each of them has its part.
fn in_rounds<'a>(
    phases: &[&Phase],
    saved: &Memory,
    rounds: u32,
    has_event: bool,
    parts: &mut impl Iterator<Item = &'a Part>,
) -> Ruling {
    let mut values = Vec::new();
    for time in 1..=rounds {
        let mut memory = saved.clone();
        for phase in phases {
            let filled = memory.filled(phase);
            let Some(part) = parts.next() else {
                return Ruling::unclear("missing", "a check of the clause was not looked at").the(time, rounds);
            };
            memory.learn(phase, part);
            match of_part(&filled, has_event, part) {
                Ruling::Pass(more) => merge(&mut values, more),
                other => return other.the(time, rounds),
            }
        }
    }
    Ruling::Pass(values.into_iter().map(|value| Measured { n: rounds.into(), ..value }).collect())
}

/// The verdict of one phase from its parts, of which each must hold: as many as it is repeated.
fn in_a_row<'a>(phase: &Phase, has_event: bool, parts: &mut impl Iterator<Item = &'a Part>) -> Ruling {
    let is_compared = phase.within.is_some_and(|within| within.than.is_some());
    // Starts that are compared are samples of one part.
    let wanted = if is_compared { 1 } else { phase.repeat.unwrap_or(1) };
    let mut values = Vec::new();
    for time in 1..=wanted {
        let Some(part) = parts.next() else {
            return Ruling::unclear("missing", "a check of the clause was not looked at").the(time, wanted);
        };
        match of_part(phase, has_event, part) {
            Ruling::Pass(more) => merge(&mut values, more),
            other => return other.the(time, wanted),
        }
    }
    if wanted > 1 {
        values = values.into_iter().map(|value| Measured { n: wanted.into(), ..value }).collect();
    }
    Ruling::Pass(values)
}

/// The verdict of one phase from its part.
fn of_part(phase: &Phase, has_event: bool, part: &Part) -> Ruling {
    if phase.throughout {
        return vigil::judged(phase, part);
    }
    if phase.within.is_some_and(|within| within.than.is_some()) {
        return starts::compare(phase, part);
    }
    if let Ended::Doomed(reason) = &part.ended {
        return Ruling::fail("doomed", text(reason));
    }
    let Some(last) = part.samples.last() else {
        return Ruling::unclear("missing", "not one look was taken");
    };
    if let Some(latency) = &phase.latency {
        return measured_latency(phase, latency, part, last);
    }
    match Mode::of(phase, has_event) {
        Mode::Once | Mode::Eventual => last_look(phase, part, last),
        Mode::Hold => held(phase, part, &part.samples),
        Mode::ThenHold => then_held(phase, part, last),
    }
}

/// The last measurement decides; without one, the look that came before it says why.
fn measured_latency(phase: &Phase, latency: &Latency, part: &Part, last: &Sample) -> Ruling {
    let Some(run) = latency::measurement(part) else {
        return match last_look(phase, part, last) {
            Ruling::Pass(_) => Ruling::unclear("missing", "the latency was not measured"),
            other => other,
        };
    };
    let (finding, measured) = latency::judged(phase, latency, run);
    match finding {
        Finding::Fast => Ruling::Pass(measured),
        Finding::Slow(message) => Ruling::Fail { cause: "slow", message, measured },
        Finding::Undecided(message) => Ruling::Inconclusive { cause: UNDECIDED, message, measured },
        Finding::Noisy(message) => Ruling::Inconclusive { cause: "noisy", message, measured },
        Finding::Nothing(message) => Ruling::unclear("missing", message),
    }
}

fn judged(phase: &Phase, part: &Part, sample: &Sample) -> Option<Judged> {
    sample.look.as_ref().ok().map(|seen| look(&phase.check, seen, part.before.as_ref()))
}

/// The last look decides: it holds in time, or not.
fn last_look(phase: &Phase, part: &Part, last: &Sample) -> Ruling {
    let Some(judged) = judged(phase, part, last) else { return apparatus(phase, part, last) };
    match judged.outcome {
        Outcome::Holds => in_time(phase, part, last, judged.measured),
        Outcome::Doomed(reason) => Ruling::fail("doomed", text(&reason)),
        Outcome::Unseen(message) => Ruling::unclear("missing", message),
        Outcome::Broken(message) => broken(phase, part, message, judged.measured),
    }
}

fn apparatus(phase: &Phase, part: &Part, last: &Sample) -> Ruling {
    let error = last.look.as_ref().err().map_or("", |error| error.message.as_str());
    let seen = part.samples.iter().rev().find_map(|sample| match judged(phase, part, sample)?.outcome {
        Outcome::Broken(message) => Some(message),
        _ => None,
    });
    let seen = seen.map(|message| format!("\nlast seen before: {message}")).unwrap_or_default();
    Ruling::unclear("apparatus", format!("looking failed: {error}{seen}"))
}

fn broken(phase: &Phase, part: &Part, message: String, mut values: Vec<Measured>) -> Ruling {
    if part.ended != Ended::TimedOut {
        return Ruling::Fail { cause: "mismatch", message, measured: values };
    }
    let waited = part.samples.last().map_or(0.0, |sample| sample.at_ms / 1e3);
    values.extend(phase.within.map(|w| until(phase, waited, Some(w.limit.as_secs_f64()), part.looks)));
    let message = format!("not so after {waited:.1} s: {message}");
    Ruling::Fail { cause: "timeout", message, measured: values }
}

fn in_time(phase: &Phase, part: &Part, at: &Sample, mut values: Vec<Measured>) -> Ruling {
    let seconds = at.at_ms / 1e3;
    let limit = phase.within.map(|within| within.limit.as_secs_f64());
    if limit.is_some() || matches!(phase.check, Check::Ready(_)) {
        values.insert(0, until(phase, seconds, limit, part.looks));
    }
    match limit {
        Some(limit) if seconds > limit => {
            let message = format!("promised within {limit} s, came true after {seconds:.3} s");
            Ruling::Fail { cause: "late", message, measured: values }
        }
        _ => Ruling::Pass(values),
    }
}

fn until(phase: &Phase, seconds: f64, limit: Option<f64>, n: u64) -> Measured {
    let what = if matches!(phase.check, Check::Ready(_)) { "time to ready" } else { "time until it held" };
    measured(what, seconds, limit, "s", n)
}

/// It came true in time, and then held.
fn then_held(phase: &Phase, part: &Part, last: &Sample) -> Ruling {
    let is_good = |s: &Sample| judged(phase, part, s).is_some_and(|j| j.outcome == Outcome::Holds);
    let Some(first) = part.samples.iter().position(is_good) else { return last_look(phase, part, last) };
    match in_time(phase, part, &part.samples[first], Vec::new()) {
        Ruling::Pass(mut values) => match held(phase, part, &part.samples[first..]) {
            Ruling::Pass(more) => {
                values.extend(more);
                Ruling::Pass(values)
            }
            other => other,
        },
        late => late,
    }
}

/// Every look held, for long enough, in at least three looks.
fn held(phase: &Phase, part: &Part, samples: &[Sample]) -> Ruling {
    let mut good = Vec::new();
    let mut values: Vec<Measured> = Vec::new();
    for sample in samples {
        let Some(judged) = judged(phase, part, sample) else { continue };
        merge(&mut values, judged.measured);
        match judged.outcome {
            Outcome::Holds => good.push(sample.at_ms),
            Outcome::Doomed(reason) => return Ruling::fail("doomed", text(&reason)),
            Outcome::Unseen(_) => {}
            Outcome::Broken(message) => {
                let message = format!("{message} (after {:.1} s)", sample.at_ms / 1e3);
                return Ruling::Fail { cause: "mismatch", message, measured: counted(values, part.looks) };
            }
        }
    }
    let span = good.last().zip(good.first()).map_or(0.0, |(last, first)| last - first);
    let wanted = phase.for_.map_or(0.0, |d| d.as_secs_f64() * 1e3);
    if good.is_empty() || part.looks < FEWEST_LOOKS || span < wanted || part.ended != Ended::Decided {
        return unproven(phase, part, good.len(), span);
    }
    values.insert(0, measured("held for", span / 1e3, None, "s", part.looks));
    Ruling::Pass(counted(values, part.looks))
}

fn unproven(phase: &Phase, part: &Part, good: usize, span: f64) -> Ruling {
    let last = part.samples.last();
    if let Some(sample) = last.filter(|sample| sample.look.is_err()) {
        return apparatus(phase, part, sample);
    }
    let unseen = last.and_then(|sample| judged(phase, part, sample)).map(|judged| judged.outcome);
    if let Some(Outcome::Unseen(message)) = unseen {
        return Ruling::unclear("missing", message);
    }
    let seconds = span / 1e3;
    Ruling::unclear("missing", format!("it held in {good} looks over {seconds:.1} s, which proves too little"))
}

/// The highest of each value; the looks are counted once, at the end.
fn merge(values: &mut Vec<Measured>, more: Vec<Measured>) {
    for new in more {
        match values.iter_mut().find(|old| old.what == new.what) {
            Some(old) if old.value >= new.value => {}
            Some(old) => *old = new,
            None => values.push(new),
        }
    }
}

fn counted(values: Vec<Measured>, n: u64) -> Vec<Measured> {
    values.into_iter().map(|value| Measured { n: value.n.max(n), ..value }).collect()
}

fn measured(what: &str, value: f64, limit: Option<f64>, unit: &str, n: u64) -> Measured {
    Measured { what: what.to_owned(), value, limit, unit: unit.to_owned(), n }
}

/// A reason with its detail below it.
fn text(reason: &Reason) -> String {
    let detail = reason.detail.iter().map(|line| format!("\n  {line}"));
    format!("{reason}{}", detail.collect::<String>())
}
