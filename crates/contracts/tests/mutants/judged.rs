//! What the judge says of a chart, by its public interface alone, with all that needs a cluster taken as kept.

use super::case::{Case, Expected};
use super::chart::{Chart, Line, Printed, last_releases, renders};
use super::helm;
use indexmap::IndexMap;
use seatrial_contracts::judge::{blocked, blocking, evaluate, judge_static, needs_observation};
use seatrial_contracts::model::{ChartPlan, EnvironmentPlan, Slot, Verdict, VerdictKind, Where};
use seatrial_contracts::plan::{ChartSource, plan};

/// What came of a case.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Exactly the clause, at exactly the places.
    Found,
    /// Every clause passes.
    Survived,
    /// Something else, in words.
    Wrong(String),
}

/// The verdicts of a chart.
pub(crate) fn verdicts(chart: &Chart, printed: &Printed) -> Vec<Verdict> {
    let plan = planned(chart, printed);
    plan.environments.iter().flat_map(|environment| in_environment(chart, &plan, environment)).collect()
}

fn in_environment(chart: &Chart, plan: &ChartPlan, environment: &EnvironmentPlan) -> Vec<Verdict> {
    let mut verdicts: IndexMap<String, Verdict> = IndexMap::new();
    for slot in &environment.slots {
        let cause = slot.after.iter().find_map(|id| blocking(&verdicts[id]));
        let verdict = match cause {
            Some(root) => blocked(slot, &root),
            None => match helm::observed(chart, slot) {
                Some(observed) => evaluate(plan, environment, slot, Some(&observed)),
                None if needs_observation(slot) => kept(slot),
                None => judge_static(plan, environment, slot),
            },
        };
        verdicts.insert(slot.id.local(), verdict);
    }
    verdicts.into_values().collect()
}

fn planned(chart: &Chart, printed: &Printed) -> ChartPlan {
    let source = ChartSource {
        path: &format!("charts/{}", chart.name()),
        chart_yaml: &format!("apiVersion: v2\nname: {}\nversion: 1.0.0\n", chart.name()),
        values_yaml: &chart.values(),
        files: &printed.templates,
        renders: &renders(chart, printed),
        last_releases: &last_releases(chart),
        skaffold: chart.skaffold.as_ref(),
        run_id: "0",
        env: &std::collections::BTreeMap::new(),
    };
    plan(&chart.loaded(), &source).unwrap_or_else(|mistakes| panic!("{}: {mistakes:#?}", chart.shape))
}

fn kept(slot: &Slot) -> Verdict {
    Verdict { kind: VerdictKind::Pass, cause: None, blocked_by: None, ..blocked(slot, "") }
}

/// Judges a broken chart; `check` is the clause that must fail where the case names none.
pub(crate) fn outcome(check: &str, case: &Case) -> Outcome {
    let printed = case.chart.printed();
    let verdicts = verdicts(&case.chart, &printed);
    let failed: Vec<&Verdict> = verdicts.iter().filter(|v| v.kind == VerdictKind::Fail).collect();
    let Some(first) = failed.first() else {
        let loose = verdicts.iter().filter(|v| v.kind != VerdictKind::Pass).map(said).collect::<Vec<_>>();
        return if loose.is_empty() { Outcome::Survived } else { Outcome::Wrong(format!("no Fail, but {loose:?}")) };
    };
    let root = first.id.local();
    let is_loose =
        |v: &&Verdict| v.kind == VerdictKind::Inconclusive && v.blocked_by.as_ref().map(|b| &b.0) != Some(&root);
    let loose: Vec<String> = verdicts.iter().filter(is_loose).chain(failed.iter().copied().skip(1)).map(said).collect();
    let wanted = case.clause.as_deref().unwrap_or(check);
    if first.id.clause != wanted || !loose.is_empty() {
        return Outcome::Wrong(format!("expected {wanted} alone, seen {} and {loose:?}", said(first)));
    }
    places_agree(case, &printed, first)
}

fn said(verdict: &Verdict) -> String {
    let cause = verdict.cause.as_ref().map_or("", |cause| cause.message.as_str());
    format!("{}: {cause} {:?}", verdict.id.local(), verdict.places)
}

fn places_agree(case: &Case, printed: &Printed, verdict: &Verdict) -> Outcome {
    let mut expected = match &case.expected {
        Expected::At(all) => all.iter().map(|at| printed.line(&case.chart, at)).collect(),
        Expected::Line(line) => vec![line.clone()],
        Expected::Nowhere => Vec::new(),
    };
    let in_the_chart = verdict.places.iter().filter(|place| !place.file.ends_with("contract.yaml"));
    let mut seen: Vec<Line> = in_the_chart.map(line).collect();
    expected.sort();
    seen.sort();
    expected.dedup();
    seen.dedup();
    let agree = |(expected, seen): (&Line, &Line)| {
        // The template's line is told only where it is certain; then it must be the right one.
        let template = seen.template.is_none() || seen.template == expected.template;
        expected.file == seen.file && expected.rendered == seen.rendered && template
    };
    if expected.len() == seen.len() && expected.iter().zip(&seen).all(agree) {
        return Outcome::Found;
    }
    Outcome::Wrong(format!("{}\n  expected {expected:?}\n  seen {seen:?}", said(verdict)))
}

fn line(place: &Where) -> Line {
    // Of another environment than the verdict's it says which.
    let rendered =
        place.note.as_deref().and_then(|note| note.strip_prefix("rendered line ")?.split(' ').next()?.parse().ok());
    Line { file: place.file.clone(), rendered, template: place.line }
}
