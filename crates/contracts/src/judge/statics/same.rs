//! `same`: environments render the same objects with the same fields; values may differ.

use super::{Facts, Finding, Inspected};
use crate::model::EnvironmentPlan;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The most differences of one object that are told.
const TOLD: usize = 5;

/// Object → the paths of its fields.
type Shape = BTreeMap<String, BTreeSet<String>>;

pub(super) fn inspect(facts: &Facts<'_>, names: &[String]) -> Inspected {
    let mut inspected = Inspected::new("objects");
    let mut shapes = Vec::new();
    for name in names {
        match facts.chart.environments.iter().find(|one| one.name == *name) {
            Some(environment) if environment.render_error.is_none() => shapes.push((name, shape(environment))),
            Some(_) => inspected.findings.push(told(format!("{name} does not render"))),
            None => inspected.findings.push(told(format!("there is no environment {name}"))),
        }
    }
    let Some(((first, reference), others)) = shapes.split_first() else { return inspected };
    for (other, shape) in others {
        let all: BTreeSet<&String> = reference.keys().chain(shape.keys()).collect();
        for object in all {
            inspected.subject(
                difference(object, (first.as_str(), reference.get(object)), (other.as_str(), shape.get(object)))
                    .map(told),
            );
        }
    }
    inspected
}

fn told(message: String) -> Finding {
    Finding::nowhere(message)
}

fn difference(
    object: &str,
    (first, here): (&str, Option<&BTreeSet<String>>),
    (other, there): (&str, Option<&BTreeSet<String>>),
) -> Option<String> {
    let (here, there) = match (here, there) {
        (Some(here), Some(there)) => (here, there),
        (None, _) => return Some(format!("{object}: expected in {first} as in {other}, seen only there")),
        (_, None) => return Some(format!("{object}: expected in {other} as in {first}, seen only there")),
    };
    let only = |of: &BTreeSet<String>, without: &BTreeSet<String>| {
        let paths: Vec<String> = of.difference(without).take(TOLD).cloned().collect();
        paths.join(", ")
    };
    let (more, less) = (only(here, there), only(there, here));
    let parts = [(first, more), (other, less)].into_iter().filter(|(_, paths)| !paths.is_empty());
    let parts: Vec<String> = parts.map(|(name, paths)| format!("only {name} sets {paths}")).collect();
    (!parts.is_empty())
        .then(|| format!("{object}: expected the same fields in {first} and {other}, {}", parts.join("; ")))
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
        let mut paths = BTreeSet::new();
        walk(&document.value, String::new(), &mut paths);
        (plain(&document.target()), paths.iter().map(|path| plain(path)).collect())
    });
    objects.collect()
}

fn walk(value: &Value, at: String, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            for (key, item) in entries {
                walk(item, if at.is_empty() { key.clone() } else { format!("{at}.{key}") }, paths);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (number, item) in items.iter().enumerate() {
                let name = item.get("name").and_then(Value::as_str);
                let name = name.map_or_else(|| number.to_string(), ToOwned::to_owned);
                walk(item, format!("{at}.{name}"), paths);
            }
        }
        _ => _ = paths.insert(at),
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{RENDER, mutated, planned, slot};
    use crate::judge::judge_static;
    use crate::model::VerdictKind;

    const CONTRACT: &str =
        "chart: .\nenvironments: { dev: {}, prod: {} }\nclauses:\n  x: { in: dev, same: [dev, prod] }\n";

    /// The verdict where `prod` renders this.
    fn check(prod: &str, expected: &str) {
        let mut plan = planned(&Ok(RENDER.to_owned()), CONTRACT).expect("sound");
        plan.environments[1].rendered = prod.to_owned().into();
        let (environment, slot) = slot(&plan, "x");
        let verdict = judge_static(&plan, environment, slot);
        let seen = verdict.cause.map_or_else(|| "pass".to_owned(), |cause| cause.message);
        assert_eq!(verdict.kind == VerdictKind::Pass, expected == "pass", "{seen}");
        assert!(seen.contains(expected), "{seen}");
    }

    #[test]
    fn values_may_differ() {
        check(RENDER, "pass");
        check(&mutated("replicas: 1", "replicas: 3"), "pass");
    }

    #[test]
    fn fields_and_objects_may_not() {
        check(&mutated("replicas: 1", "paused: true"), "only dev sets spec.replicas; only prod sets spec.paused");
        let more = format!("{RENDER}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: more }}\n");
        check(&more, "cm/more: expected in dev as in prod, seen only there");
    }
}
