//! Objects that clauses name and that are not in the render.

use super::Named;
use crate::case::{Case, set, without_document};
use crate::chart::{At, Chart};
use serde_json::json;

pub(super) const MUTANTS: &[Named] = &[
    ("object-renamed", |c| {
        let other = |number: usize| {
            let mut chart = c.clone();
            let name = format!("{}-two", chart.documents[number].name());
            chart.documents[number].value["metadata"]["name"] = json!(name);
            chart
        };
        on_named(c, other)
    }),
    ("object-with-another-prefix", |c| {
        let other = |number: usize| {
            let mut chart = c.clone();
            let name = format!("release-name-{}", chart.documents[number].name());
            chart.documents[number].value["metadata"]["name"] = json!(name);
            chart
        };
        on_named(c, other)
    }),
    ("object-gone", |c| on_named(c, |number| without_document(c, number))),
    ("object-of-another-kind", |c| {
        let kinds = set(c, "Service|Deployment|ConfigMap|CronJob", "kind", |kind| {
            Some(json!(format!("{}Two", kind.as_str()?)))
        });
        let numbers = kinds.into_iter().filter_map(|case| match &case.expected {
            crate::case::Expected::At(all) => Some((all[0].0, case.chart.clone())),
            _ => None,
        });
        let renamed = |(number, mut chart): (usize, Chart)| {
            chart.documents[number].value["apiVersion"] = json!("example.com/v1");
            only_named(c, number).then(|| expected(c, chart, number))
        };
        numbers.filter_map(renamed).collect()
    }),
    ("only-one-no-more", |c| {
        // `kind:` alone is the chart's only one.
        let twice = |(number, document): (usize, &crate::chart::Document)| {
            let alone = format!("\n      {}:", document.kind());
            let mut chart = c.clone();
            let mut second = document.clone();
            second.value["metadata"]["name"] = json!(format!("{}-two", document.name()));
            chart.documents.insert(number + 1, second);
            c.contract.contains(&alone).then(|| Case::nowhere(chart))
        };
        c.documents.iter().enumerate().filter_map(twice).collect()
    }),
];

/// Changes each object that a clause names; the verdict points at the only other one of its kind, or nowhere.
fn on_named(chart: &Chart, change: impl Fn(usize) -> Chart) -> Vec<Case> {
    let numbers = (0..chart.documents.len()).filter(|number| only_named(chart, *number));
    numbers.map(|number| expected(chart, change(number), number)).collect()
}

fn expected(before: &Chart, chart: Chart, number: usize) -> Case {
    let kind = before.documents[number].kind();
    let same: Vec<usize> = (0..chart.documents.len()).filter(|i| chart.documents[*i].kind() == kind).collect();
    let name = |number: usize| At(number, vec!["metadata".to_owned(), "name".to_owned()]);
    match same[..] {
        [only] => Case::at(chart, vec![name(only)]),
        _ => Case::nowhere(chart),
    }
}

/// Whether the contract names it, by name.
fn only_named(chart: &Chart, number: usize) -> bool {
    let document = &chart.documents[number];
    // What an operator may make of its own kinds is not asked for in the render.
    if document.kind() == "Ferry" {
        return false;
    }
    let short = seatrial_contracts::model::Kind::short(document.kind());
    let name = chart.filled(document.name());
    let targets = [format!("{short}/{name}"), format!("{}/{name}", document.kind())];
    let ends = |rest: &str| rest.starts_with([':', '/', ',', ' ', '}', '\n']) || rest.is_empty();
    let is_there =
        |target: &String| chart.contract.match_indices(target).any(|(i, _)| ends(&chart.contract[i + target.len()..]));
    targets.iter().any(is_there)
}
