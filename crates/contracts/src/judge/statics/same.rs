//! `same`: environments render the same objects with the same fields; values may differ.

use super::{At, Facts, Finding, Inspected};
use crate::graph::{Path, below, path};
use crate::model::EnvironmentPlan;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The most differences of one object that are told.
const TOLD: usize = 5;

/// Object → where it is, and the paths of its fields.
type Shape = BTreeMap<String, Fields>;

/// The number of an object in its render, and its fields: the path as it is told → the path as it is.
#[derive(Default)]
struct Fields {
    number: usize,
    paths: BTreeMap<String, Path>,
}

/// An environment and what it has of an object.
type Side<'s> = (&'s str, Option<&'s Fields>);

pub(super) fn inspect(facts: &Facts<'_>, names: &[String]) -> Inspected {
    let mut inspected = Inspected::new("objects");
    let mut shapes = Vec::new();
    for name in names {
        match facts.chart.environments.iter().find(|one| one.name == *name) {
            Some(environment) if environment.render_error.is_none() => shapes.push((name, shape(environment))),
            Some(_) => inspected.findings.push(Finding::nowhere(format!("{name} does not render"))),
            None => inspected.findings.push(Finding::nowhere(format!("there is no environment {name}"))),
        }
    }
    let Some(((first, reference), others)) = shapes.split_first() else { return inspected };
    for (other, shape) in others {
        let all: BTreeSet<&String> = reference.keys().chain(shape.keys()).collect();
        for object in all {
            let sides = [(first.as_str(), reference.get(object)), (other.as_str(), shape.get(object))];
            inspected.subject(difference(object, sides));
        }
    }
    inspected
}

/// What only one of them has; it is shown there.
fn difference(object: &str, [here, there]: [Side<'_>; 2]) -> Option<Finding> {
    match (here, there) {
        ((lacks, None), (has, Some(fields))) | ((has, Some(fields)), (lacks, None)) => {
            let message = format!("{object}: expected in {lacks} as in {has}, seen only there");
            let at = At::Elsewhere(has.to_owned(), fields.number, path(["metadata", "name"]));
            Some(Finding { message, at })
        }
        ((first, Some(here)), (other, Some(there))) => {
            let only = [more(first, here, there), more(other, there, here)].into_iter().flatten();
            let (parts, places): (Vec<String>, Vec<At>) = only.unzip();
            let message = format!("{object}: expected the same fields in {first} and {other}, {}", parts.join("; "));
            places.into_iter().next().map(|at| Finding { message, at })
        }
        _ => None,
    }
}

/// The fields that only one environment sets, in words, and where the first of them is.
fn more(name: &str, of: &Fields, without: &Fields) -> Option<(String, At)> {
    let only: Vec<(&String, &Path)> = of.paths.iter().filter(|(path, _)| !without.paths.contains_key(*path)).collect();
    let (_, first) = only.first()?;
    let told: Vec<&str> = only.iter().take(TOLD).map(|(path, _)| path.as_str()).collect();
    let at = At::Elsewhere(name.to_owned(), of.number, (*first).clone());
    Some((format!("only {name} sets {}", told.join(", ")), at))
}

/// The shape of a render, whatever its release and its namespace are called.
fn shape(environment: &EnvironmentPlan) -> Shape {
    let release = &environment.release;
    let plain = |text: &str| {
        let text = text.replace(&release.namespace, "NAMESPACE");
        if release.name.is_empty() { text } else { text.replace(&release.name, "RELEASE") }
    };
    let graph = environment.rendered.graph();
    let objects = graph.documents.iter().map(|document| {
        let mut all = Vec::new();
        walk(&document.value, "", &Path::new(), &mut all);
        let paths = all.into_iter().map(|(told, path)| (plain(&told), path)).collect();
        (plain(&document.target()), Fields { number: document.number, paths })
    });
    objects.collect()
}

/// Every field that has no more below it. Items of a list go by their names.
fn walk(value: &Value, told: &str, at: &Path, all: &mut Vec<(String, Path)>) {
    let mut go = |name: &str, step: &str, item: &Value| {
        let told = if told.is_empty() { name.to_owned() } else { format!("{told}.{name}") };
        walk(item, &told, &below(at, &[step]), all);
    };
    match value {
        Value::Object(entries) if !entries.is_empty() => entries.iter().for_each(|(key, item)| go(key, key, item)),
        Value::Array(items) if !items.is_empty() => items.iter().enumerate().for_each(|(number, item)| {
            let number = number.to_string();
            go(item.get("name").and_then(Value::as_str).unwrap_or(&number), &number, item);
        }),
        _ => all.push((told.to_owned(), at.clone())),
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{RENDER, mutated, planned, slot};
    use crate::judge::judge_static;
    use crate::model::VerdictKind;

    const CONTRACT: &str =
        "chart: .\nenvironments: { dev: {}, prod: {} }\nclauses:\n  x: { in: dev, same: [dev, prod] }\n";

    /// The verdict where `prod` renders this, and where it points.
    fn check(prod: &str, expected: &str, at: &str) {
        let mut plan = planned(&Ok(RENDER.to_owned()), CONTRACT).expect("sound");
        plan.environments[1].rendered = prod.to_owned().into();
        let (environment, slot) = slot(&plan, "x");
        let verdict = judge_static(&plan, environment, slot);
        let seen = verdict.cause.map_or_else(|| "pass".to_owned(), |cause| cause.message);
        assert_eq!(verdict.kind == VerdictKind::Pass, expected == "pass", "{seen}");
        assert!(seen.contains(expected), "{seen}");
        let place = verdict.places.first().map(|place| place.note.clone().unwrap_or_default());
        assert_eq!(place.unwrap_or_default(), at);
    }

    #[test]
    fn values_may_differ() {
        check(RENDER, "pass", "");
        check(&mutated("replicas: 1", "replicas: 3"), "pass", "");
    }

    #[test]
    fn fields_and_objects_may_not() {
        check(
            &mutated("replicas: 1", "paused: true"),
            "only dev sets spec.replicas; only prod sets spec.paused",
            "rendered line 35 of dev",
        );
        let more = format!("{RENDER}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: more }}\n");
        check(&more, "cm/more: expected in dev as in prod, seen only there", "rendered line 66 of prod");
    }
}
