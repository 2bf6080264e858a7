//! Environments that differ in more than values; the verdict points at what only one of them has.

use super::{Named, WORKLOADS};
use crate::case::{Case, add, moved};
use crate::chart::{At, Chart};
use serde_json::json;

pub(super) const MUTANTS: &[Named] = &[
    ("field-only-in-prod", |c| in_prod(c, add(c, "Deployment|StatefulSet", "spec", "minReadySeconds", &json!(3)))),
    ("field-only-in-the-first", |c| {
        in_the_first(c, add(c, "Deployment|StatefulSet", "spec", "minReadySeconds", &json!(3)))
    }),
    ("variable-only-in-prod", |c| in_prod(c, variables(c))),
    ("key-only-in-prod", |c| in_prod(c, add(c, "ConfigMap", "data", "MORE", &json!("yes")))),
    ("key-only-in-the-first", |c| in_the_first(c, add(c, "ConfigMap", "data", "MORE", &json!("yes")))),
    ("label-only-in-prod", |c| in_prod(c, add(c, "*", "metadata labels", "example.com/tier", &json!("prod")))),
    ("probe-only-in-the-first", |c| {
        let probe = json!({ "exec": { "command": ["true"] } });
        let cases = add(c, WORKLOADS, "@ spec containers *", "startupProbe", &probe);
        in_the_first(c, ["exec", "command", "0"].into_iter().fold(cases, deeper))
    }),
    ("object-only-in-prod", |c| in_prod(c, objects(c))),
    ("object-only-in-the-first", |c| in_the_first(c, objects(c))),
];

fn in_prod(sound: &Chart, cases: Vec<Case>) -> Vec<Case> {
    beside(cases, |chart| chart.uncounted().beside(sound))
}

fn in_the_first(sound: &Chart, cases: Vec<Case>) -> Vec<Case> {
    beside(cases, |chart| chart.uncounted().before(sound))
}

fn beside(cases: Vec<Case>, two: impl Fn(&Chart) -> Chart) -> Vec<Case> {
    // One of a kind shows it: each is judged in two environments.
    let one_by_one = cases.into_iter().take(2);
    one_by_one.map(|case| Case { chart: two(&case.chart), ..case }.by("alike")).collect()
}

fn variables(chart: &Chart) -> Vec<Case> {
    let more = json!([{ "name": "MORE", "value": "yes" }]);
    ["0", "name"].into_iter().fold(add(chart, WORKLOADS, "@ spec containers *", "env", &more), deeper)
}

/// A second config map that nobody asks for.
fn objects(chart: &Chart) -> Vec<Case> {
    let maps = (0..chart.documents.len()).filter(|number| chart.documents[*number].kind() == "ConfigMap");
    let more = |number: usize| {
        let mut changed = chart.clone();
        let mut second = chart.documents[number].clone();
        second.value["metadata"]["name"] = json!(format!("{}-two", second.name()));
        changed.documents.push(second);
        let at = At(changed.documents.len() - 1, vec!["metadata".to_owned(), "name".to_owned()]);
        Case::at(changed, vec![at])
    };
    maps.map(more).collect()
}

/// The verdict points at a field below.
fn deeper(cases: Vec<Case>, step: &str) -> Vec<Case> {
    moved(cases, |at| at.below(step))
}
