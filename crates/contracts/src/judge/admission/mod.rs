//! `admitted`: the API server would take every object of the release. Here is what it is asked, and what its answers
//! come to; who asks is the harness, by server-side dry runs with strict field validation.

mod field;
mod question;
#[cfg(test)]
mod tests;

pub use question::{Question, questions};

use super::verdicts::{fail, inconclusive, pass};
use crate::graph::{Document, Path, PodTemplate, path};
use crate::model::{ChartPlan, EnvironmentPlan, Measured, Slot, Verdict, Where};
use seatrial_observation::{Admission, DryRun, Observation, Refused, Seen};

/// What more of them is refused tells nothing new.
const MOST_FINDINGS: usize = 50;

/// The verdict from the answers alone.
pub(super) fn judge(
    chart: &ChartPlan,
    environment: &EnvironmentPlan,
    slot: &Slot,
    observation: &Observation,
) -> Verdict {
    let answers = match observation.parts.first().and_then(|part| part.samples.last()).map(|sample| &sample.look) {
        Some(Ok(Seen::Admission(answers))) => answers,
        Some(Ok(_)) => return inconclusive(slot, "apparatus", "what was observed are no answers of the API server"),
        Some(Err(error)) => return inconclusive(slot, "apparatus", error.message.clone()),
        None => return inconclusive(slot, "missing", "the API server was not asked"),
    };
    let rendered = Rendered { chart, environment };
    let findings: Vec<Finding> = answers.iter().filter_map(|answer| rendered.finding(answer)).collect();
    let asked = answers.iter().filter(|answer| !matches!(answer.answer, Admission::Unasked(_))).count();
    let verdict = match (asked, findings.is_empty()) {
        (0, _) => inconclusive(slot, "missing", "there was no object that the API server could be asked about"),
        (_, true) => pass(slot, vec![count(asked)]),
        (_, false) => refused(slot, findings),
    };
    Verdict { notes: answers.iter().flat_map(|answer| rendered.notes(answer)).collect(), ..verdict }
}

/// What is refused, and where that is in the chart.
struct Finding {
    message: String,
    place: Where,
}

fn refused(slot: &Slot, findings: Vec<Finding>) -> Verdict {
    let more = findings.len().saturating_sub(MOST_FINDINGS);
    let (mut messages, mut places) = (Vec::new(), Vec::new());
    for finding in findings.into_iter().take(MOST_FINDINGS) {
        messages.push(finding.message);
        places.push(finding.place);
    }
    if more > 0 {
        messages.push(format!("and {more} more"));
    }
    Verdict { places, ..fail(slot, "admitted", messages.join("\n")) }
}

fn count(asked: usize) -> Measured {
    let n = asked as u64;
    Measured { what: "objects admitted".to_owned(), value: n as f64, limit: None, unit: String::new(), n }
}

/// The render that the answers are about.
struct Rendered<'a> {
    chart: &'a ChartPlan,
    environment: &'a EnvironmentPlan,
}

impl<'a> Rendered<'a> {
    fn document(&self, answer: &DryRun) -> Option<&'a Document> {
        self.environment.rendered.graph().documents.get(answer.document)
    }

    fn finding(&self, answer: &DryRun) -> Option<Finding> {
        let Admission::Refused(why) = &answer.answer else { return None };
        let document = self.document(answer)?;
        if is_own_share(answer, why) {
            return None;
        }
        let message = format!("{}: refused: {}", subject(answer, document), one_line(&why.message));
        let place = document.place(self.chart, &at(answer, why, document));
        Some(Finding { message, place })
    }

    /// Warnings, what could not be asked, and refusals that an upgrade need not meet.
    fn notes(&self, answer: &DryRun) -> Vec<String> {
        let Some(document) = self.document(answer) else { return Vec::new() };
        let subject = subject(answer, document);
        let mut notes: Vec<String> =
            answer.warnings.iter().map(|warning| format!("{subject}: warning: {}", one_line(warning))).collect();
        match &answer.answer {
            Admission::Unasked(why) => notes.push(format!("{subject}: not asked: {}", one_line(why))),
            Admission::Refused(why) if is_own_share(answer, why) => {
                let message = one_line(&why.message);
                notes.push(format!("{subject}: one more beside those that run would be refused: {message}"));
            }
            Admission::Taken | Admission::Refused(_) => {}
        }
        notes
    }
}

/// What already runs of the release has its share of the quota: a pod that takes its place may well be admitted.
fn is_own_share(answer: &DryRun, why: &Refused) -> bool {
    answer.is_pod && answer.is_there && why.message.contains("exceeded quota")
}

fn subject(answer: &DryRun, document: &Document) -> String {
    if answer.is_pod { format!("pods of {}", document.target()) } else { document.target() }
}

/// The path that the refusal is about, seen from the rendered object; the object itself where it names none.
fn at(answer: &DryRun, why: &Refused, document: &Document) -> Path {
    let template = PodTemplate::of(document).filter(|_| answer.is_pod);
    let fields = field::named(why).into_iter();
    let mut paths = fields.map(|found| match &template {
        Some(template) => template.at.iter().cloned().chain(found).collect(),
        None => found,
    });
    let is_there = |path: &Path| field::value(&document.value, path).is_some();
    let first = paths.clone().find(is_there).or_else(|| paths.next());
    first.or_else(|| by_words(&why.message, template.as_ref())).unwrap_or_default()
}

/// What quotas count has no field of its own in their refusals.
fn by_words(message: &str, template: Option<&PodTemplate<'_>>) -> Option<Path> {
    let is_quota = message.contains("exceeded quota") || message.contains("failed quota");
    match template {
        Some(template) if is_quota || message.contains("usage per Container") => {
            template.containers().first().map(|container| container.below(["resources"]))
        }
        None if is_quota && message.contains("services.") => Some(path(["spec", "type"])),
        _ => None,
    }
}

/// A refusal on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
