//! Verdicts in the making: the four kinds, and where the reader looks next.

use crate::model::{
    BlockedBy, Cause, ChartPlan, EnvironmentPlan, Level, Measured, Origin, Slot, Verdict, VerdictKind, What, Where,
};

/// The cause of a verdict whose samples neither prove nor disprove the promise.
pub(super) const UNDECIDED: &str = "undecided";

/// The verdict of a slot that wasn't run because a prerequisite did not pass; `by` is that prerequisite's local name
/// (`named[svc/registry]`), best taken from [`blocking`], which leads to the root.
pub fn blocked(slot: &Slot, by: &str) -> Verdict {
    let mut verdict = inconclusive(slot, "blocked", format!("blocked by {by}"));
    verdict.blocked_by = Some(BlockedBy(by.to_owned()));
    verdict
}

/// The verdict of a slot that is skipped, as was known when it was listed.
pub fn skipped(slot: &Slot) -> Verdict {
    let (reason, until) = slot.skip.as_ref().map_or(("no reason is written", None), |s| (&*s.reason, s.until.as_ref()));
    let until = until.map(|date| format!(" (until {date})")).unwrap_or_default();
    with_cause(slot, VerdictKind::Skipped, "skip", format!("{reason}{until}"))
}

/// What a verdict blocks its dependants by: nothing if it passed, else the first cause in the chain.
pub fn blocking(verdict: &Verdict) -> Option<String> {
    match (&verdict.kind, &verdict.blocked_by) {
        (VerdictKind::Pass, _) => None,
        (_, Some(BlockedBy(root))) => Some(root.clone()),
        (_, None) => Some(verdict.id.local()),
    }
}

/// `--strict`: a promise that the samples neither prove nor disprove fails. Whatever else is inconclusive stays so: noise,
/// the apparatus and a prerequisite are no fault of the chart's, and "nothing to judge" is no promise seen broken.
pub fn strictly(verdict: Verdict) -> Verdict {
    let is_undecided = verdict.cause.as_ref().is_some_and(|cause| cause.kind == UNDECIDED);
    let is_open = verdict.kind == VerdictKind::Inconclusive && is_undecided;
    if is_open { Verdict { kind: VerdictKind::Fail, ..verdict } } else { verdict }
}

/// A pass, with what was measured.
pub(super) fn pass(slot: &Slot, measured: Vec<Measured>) -> Verdict {
    Verdict { measured, ..bare(slot, VerdictKind::Pass) }
}

/// A fail and its cause.
pub(super) fn fail(slot: &Slot, cause: &str, message: impl Into<String>) -> Verdict {
    with_cause(slot, VerdictKind::Fail, cause, message.into())
}

/// No verdict, and why.
pub(super) fn inconclusive(slot: &Slot, cause: &str, message: impl Into<String>) -> Verdict {
    with_cause(slot, VerdictKind::Inconclusive, cause, message.into())
}

fn with_cause(slot: &Slot, kind: VerdictKind, cause: &str, message: String) -> Verdict {
    Verdict { cause: Some(Cause { kind: cause.to_owned(), message }), ..bare(slot, kind) }
}

fn bare(slot: &Slot, kind: VerdictKind) -> Verdict {
    let was_judged = matches!(kind, VerdictKind::Pass | VerdictKind::Fail);
    Verdict {
        id: slot.id.clone(),
        class: slot.class,
        level: if was_judged { slot.level } else { Level::Static },
        kind,
        cause: None,
        blocked_by: None,
        covers: slot.covers.clone(),
        is_advisory: slot.is_advisory,
        measured: Vec::new(),
        places: Vec::new(),
        next: Vec::new(),
        seconds: 0.0,
        trial: Vec::new(),
        stubs: Vec::new(),
        notes: Vec::new(),
        evidence: None,
    }
}

/// Adds the contract line and the commands to look further to a verdict that is no pass.
pub(super) fn finish(mut verdict: Verdict, chart: &ChartPlan, environment: &EnvironmentPlan, slot: &Slot) -> Verdict {
    verdict.trial = environment.trial.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if verdict.kind == VerdictKind::Pass {
        return verdict;
    }
    if let (Origin::Written, Some(line)) = (slot.origin, slot.line) {
        let file = match &slot.pack {
            Some(pack) => format!("contracts/packs/{pack}.yaml"),
            None => format!("{}/contract.yaml", chart.path.trim_end_matches('/')),
        };
        let note = Some(format!("clause {}", slot.id.clause));
        verdict.places.push(Where { file, line: Some(line), note });
    }
    verdict.next = next(chart, environment, slot, &verdict.places);
    verdict
}

fn next(chart: &ChartPlan, environment: &EnvironmentPlan, slot: &Slot, places: &[Where]) -> Vec<String> {
    if slot.what == What::Admitted {
        return dry_run(chart, environment);
    }
    if slot.level != Level::Static {
        let clause = &slot.id.clause;
        return vec![format!("seatrial verify {} -e {} --clause {clause} --keep 30m", chart.path, environment.name)];
    }
    let template = helm_template(chart, environment);
    let templates = places.iter().filter_map(|place| place.file.split_once("/templates/"));
    let only = templates.map(|(_, name)| format!(" --show-only templates/{name}")).next().unwrap_or_default();
    vec![format!("{template}{only}"), format!("seatrial check {}", chart.path)]
}

fn helm_template(chart: &ChartPlan, environment: &EnvironmentPlan) -> String {
    let files = environment.values.iter().map(|file| format!(" -f {}/{file}", chart.path));
    format!("helm template {} {}{}", environment.release.name, chart.path, files.collect::<String>())
}

/// The same questions, asked by hand.
fn dry_run(chart: &ChartPlan, environment: &EnvironmentPlan) -> Vec<String> {
    let (template, namespace) = (helm_template(chart, environment), &environment.release.namespace);
    vec![
        format!("{template} | kubectl apply -n {namespace} --dry-run=server --validate=strict -f -"),
        format!("seatrial verify {} -e {} --tier api", chart.path, environment.name),
    ]
}
