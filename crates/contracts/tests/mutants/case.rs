//! A mutant and its cases: a change at one place that is known, applied wherever its subject exists.

use super::chart::{At, Chart, Line};
use serde_json::Value;

/// A way in which charts break: the check that must find it, its name, and where it can be applied.
#[derive(Clone, Copy)]
pub(crate) struct Mutant {
    pub(crate) check: &'static str,
    pub(crate) name: &'static str,
    pub(crate) apply: fn(&Chart) -> Vec<Case>,
}

/// One application to one chart.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) chart: Chart,
    /// The clause that must fail, where it is not named like the check.
    pub(crate) clause: Option<String>,
    pub(crate) expected: Expected,
}

/// What the verdict must point at.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// These paths of the broken chart, and no other.
    At(Vec<At>),
    /// This line of Helm's message.
    Line(Line),
    /// Nothing: it is about what is not there.
    Nowhere,
}

impl Case {
    pub(crate) fn at(chart: Chart, at: Vec<At>) -> Self {
        Self { chart, clause: None, expected: Expected::At(at) }
    }

    pub(crate) fn nowhere(chart: Chart) -> Self {
        Self { chart, clause: None, expected: Expected::Nowhere }
    }

    /// The verdict points elsewhere: what is wrong with one place is shown at another.
    pub(crate) fn moved(self, to: impl Fn(&At) -> At) -> Self {
        match &self.expected {
            Expected::At(all) => Self { expected: Expected::At(all.iter().map(to).collect()), ..self },
            _ => self,
        }
    }

    /// Found by a written clause of this name.
    pub(crate) fn by(self, clause: impl Into<String>) -> Self {
        Self { clause: Some(clause.into()), ..self }
    }
}

/// [`Case::moved`] of each.
pub(crate) fn moved(cases: Vec<Case>, to: impl Fn(&At) -> At) -> Vec<Case> {
    cases.into_iter().map(|case| case.moved(&to)).collect()
}

/// Changes each value that a pattern finds in objects of some kinds (`Service|Ingress`, `*` for all), where `change`
/// gives another; the verdict points there. Steps of a pattern stand apart; `*` is any, `@` first the pod template.
pub(crate) fn set(chart: &Chart, kinds: &str, pattern: &str, change: impl Fn(&Value) -> Option<Value>) -> Vec<Case> {
    let sites = sites(chart, kinds, pattern).into_iter();
    let changed = sites.filter_map(|at| Some((change(chart.get(&at))?, at)));
    changed.map(|(value, at)| Case::at(with(chart, &at, value), vec![at])).collect()
}

/// Adds a key to each map that a pattern finds and that has no such key.
pub(crate) fn add(chart: &Chart, kinds: &str, pattern: &str, key: &str, value: &Value) -> Vec<Case> {
    let sites = sites(chart, kinds, pattern).into_iter().filter(|at| chart.get(at).is_object());
    let sites = sites.filter(|at| chart.get(at).get(key).is_none()).map(|at| at.below(key));
    sites.map(|at| Case::at(with(chart, &at, value.clone()), vec![at])).collect()
}

/// Takes away what a pattern finds; the verdict points at what is around it, `up` steps further out.
pub(crate) fn remove(chart: &Chart, kinds: &str, pattern: &str, up: usize) -> Vec<Case> {
    let sites = sites(chart, kinds, pattern).into_iter();
    sites
        .map(|at| {
            let around = (0..=up).fold(at.clone(), |at, _| at.parent());
            Case::at(without(chart, &at), vec![around])
        })
        .collect()
}

/// Gives a key another name; the verdict points at the new one.
pub(crate) fn rename(chart: &Chart, kinds: &str, pattern: &str, to: &str) -> Vec<Case> {
    let sites = sites(chart, kinds, pattern).into_iter();
    sites
        .map(|at| {
            let renamed = at.parent().below(to);
            let changed = with(&without(chart, &at), &renamed, chart.get(&at).clone());
            Case::at(changed, vec![renamed])
        })
        .collect()
}

/// Every place that a pattern finds.
pub(crate) fn sites(chart: &Chart, kinds: &str, pattern: &str) -> Vec<At> {
    let is_of = |kind: &str| kinds == "*" || kinds.split('|').any(|one| one == kind);
    let numbered = chart.documents.iter().enumerate();
    let documents = numbered.filter(|(_, document)| document.text.is_none() && is_of(document.kind()));
    documents.flat_map(|(number, document)| found(number, &document.value, pattern)).collect()
}

fn found(number: usize, value: &Value, pattern: &str) -> Vec<At> {
    let mut ways = vec![Vec::new()];
    for step in pattern.split_whitespace() {
        ways = ways.iter().flat_map(|way| stepped(value, way, step)).collect();
    }
    ways.into_iter().map(|way| At(number, way)).collect()
}

fn stepped(value: &Value, way: &[String], step: &str) -> Vec<Vec<String>> {
    let at = get(value, way);
    let keys: Vec<String> = match (at, step) {
        (_, "@") if value["kind"] == "CronJob" => return vec![words("spec jobTemplate spec template")],
        (_, "@") => return at.pointer("/spec/template").map(|_| words("spec template")).into_iter().collect(),
        (Value::Object(map), "*") => map.keys().cloned().collect(),
        (Value::Array(items), "*") => (0..items.len()).map(|i| i.to_string()).collect(),
        (Value::Object(map), key) if map.contains_key(key) => vec![key.to_owned()],
        (Value::Array(items), i) if i.parse().is_ok_and(|i: usize| i < items.len()) => vec![i.to_owned()],
        _ => Vec::new(),
    };
    keys.into_iter().map(|key| way.iter().cloned().chain([key]).collect()).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn get<'v>(value: &'v Value, way: &[String]) -> &'v Value {
    way.iter().fold(value, |value, step| match value {
        Value::Array(items) => step.parse::<usize>().ok().and_then(|i| items.get(i)).unwrap_or(&Value::Null),
        other => other.get(step).unwrap_or(&Value::Null),
    })
}

/// The chart with another value at a place, which may be a new key.
pub(crate) fn with(chart: &Chart, at: &At, value: Value) -> Chart {
    let mut chart = chart.clone();
    let (last, parent) = at.1.split_last().expect("a place below the root");
    match chart.get_mut(&At(at.0, parent.to_vec())) {
        Value::Array(items) => items[last.parse::<usize>().expect("a number")] = value,
        other => other[last.as_str()] = value,
    }
    chart
}

/// The chart without what is at a place.
pub(crate) fn without(chart: &Chart, at: &At) -> Chart {
    let mut chart = chart.clone();
    let (last, parent) = at.1.split_last().expect("a place below the root");
    match chart.get_mut(&At(at.0, parent.to_vec())) {
        Value::Array(items) => drop(items.remove(last.parse().expect("a number"))),
        other => drop(other.as_object_mut().expect("a map").shift_remove(last)),
    }
    chart
}

/// The chart without a whole document.
pub(crate) fn without_document(chart: &Chart, number: usize) -> Chart {
    let mut chart = chart.clone();
    chart.documents.remove(number);
    chart
}

impl Chart {
    /// What is at a place.
    pub(crate) fn get(&self, at: &At) -> &Value {
        get(&self.documents[at.0].value, &at.1)
    }

    fn get_mut(&mut self, at: &At) -> &mut Value {
        at.1.iter().fold(&mut self.documents[at.0].value, |value, step| match value {
            Value::Array(items) => &mut items[step.parse::<usize>().expect("a number")],
            other => &mut other[step.as_str()],
        })
    }
}

impl At {
    /// This path of the same object.
    pub(crate) fn with_path(&self, steps: &[&str]) -> Self {
        Self(self.0, steps.iter().map(|step| (*step).to_owned()).collect())
    }

    pub(crate) fn below(&self, step: &str) -> Self {
        Self(self.0, self.1.iter().cloned().chain([step.to_owned()]).collect())
    }

    pub(crate) fn parent(&self) -> Self {
        Self(self.0, self.1[..self.1.len().saturating_sub(1)].to_vec())
    }
}

impl super::chart::Document {
    pub(crate) fn kind(&self) -> &str {
        self.value["kind"].as_str().unwrap_or_default()
    }

    pub(crate) fn name(&self) -> &str {
        self.value["metadata"]["name"].as_str().unwrap_or_default()
    }
}
