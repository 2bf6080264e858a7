//! `within` and `repeat`: promises about time, and how often they are taken.

use super::clause_file::{ElsewhereFile, ThanFile, WithinFile};
use super::findings::Findings;
use super::scalars::duration;
use crate::diagnostic::child;
use crate::model::{Check, Clause, Phase, Reference, Within};
use crate::units;

/// How often a start is compared where nothing is written.
const STARTS: u32 = 10;

/// The fewest starts that show a median.
const FEWEST_STARTS: u32 = 5;

/// The most repetitions.
const MOST: u32 = 100;

/// `5s`, `5s of ready`, or `{ p50: +100ms, than: docker }`.
pub(super) fn within(file: WithinFile, at: &str, found: &mut Findings<'_>) -> Option<Within> {
    match file {
        WithinFile::Text(text) => plain(&text, at, found),
        WithinFile::Than(ThanFile { p50, than: ElsewhereFile::Docker }) => {
            let limit = more(&p50, &child(at, "p50"), found)?;
            Some(Within { limit, is_of_ready: false, than: Some(Reference::Docker) })
        }
    }
}

fn plain(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Within> {
    let (limit, is_of_ready) = match text.split_once(" of ") {
        Some((limit, "ready")) => (limit.trim(), true),
        Some((limit, other)) if units::duration(limit.trim()).is_some() => {
            let hint = Some("a promise counts from the event, or is written `5s of ready`".to_owned());
            found.value(at, "bad-duration", format!("`of {other}` is no moment"), hint);
            return None;
        }
        _ => (text, false),
    };
    Some(Within { limit: duration(limit, at, found)?, is_of_ready, than: None })
}

/// `+100ms`: so much more than elsewhere.
fn more(text: &str, at: &str, found: &mut Findings<'_>) -> Option<std::time::Duration> {
    if let Some(rest) = text.strip_prefix('+') {
        return duration(rest, at, found);
    }
    let hint = Some(format!("what is compared is written as so much more: +{text}"));
    found.value(at, "bad-duration", format!("`{text}` is no difference"), hint);
    None
}

/// How often, at least once.
pub(super) fn repeat(times: u64, found: &mut Findings<'_>) -> Option<u32> {
    let times = u32::try_from(times).ok().filter(|times| (1..=MOST).contains(times));
    if times.is_none() {
        found.value("/repeat", "bad-value", format!("repeat is a number from 1 to {MOST}"), None);
    }
    times
}

/// The phase with its repetitions; a median has at least so many.
pub(super) fn repeated(phase: Phase, repeat: Option<u32>, found: &mut Findings<'_>) -> Option<Phase> {
    if phase.within.is_none_or(|within| within.than.is_none()) {
        return Some(Phase { repeat, ..phase });
    }
    let repeat = repeat.unwrap_or(STARTS);
    if repeat < FEWEST_STARTS {
        let hint = Some(format!("write {FEWEST_STARTS} or more; {STARTS} where nothing is written"));
        found.value("/repeat", "too-few", format!("{repeat} starts show no median"), hint);
        return None;
    }
    Some(Phase { repeat: Some(repeat), ..phase })
}

/// Only a start is compared by `within`: the readiness of the release or of a workload, without an event, alone.
pub(super) fn is_of_a_start(clause: &Clause, found: &mut Findings<'_>) -> bool {
    let is_compared = |phase: &Phase| phase.within.is_some_and(|within| within.than.is_some());
    let is_start = |phase: &Phase| matches!(phase.check, Check::Ready(_)) && phase.for_.is_none();
    let is_good = match &clause.then[..] {
        [only] => !is_compared(only) || (is_start(only) && clause.when.is_empty()),
        many => !many.iter().any(is_compared),
    };
    if !is_good {
        let hint = Some("write `ready: release` or `ready: deploy/x`, and no `when`".to_owned());
        found.key("/within", "misplaced-key", "`within … than` compares starts", hint);
    }
    is_good
}
