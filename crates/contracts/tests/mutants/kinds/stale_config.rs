//! Values that changed since the last release and don't reach the pods that hold them.

use super::Named;
use crate::case::{Case, set, sites, with, without};
use crate::chart::{At, Chart};
use serde_json::{Value, json};

const STAYING: &str = "Deployment|StatefulSet|DaemonSet";

pub(super) const MUTANTS: &[Named] = &[
    ("config-map-changes", |c| held(c, set(c, "ConfigMap", "data *", changed))),
    ("secret-changes", |c| held(c, set(c, "Secret", "stringData *", changed))),
    ("encoded-secret-changes", |c| held(c, set(c, "Secret", "data *", |_| Some(json!("bmV3LXZhbHVl"))))),
    ("key-comes", |c| {
        let maps = sites(c, "ConfigMap", "data").into_iter();
        held(c, maps.map(|at| at.below("MORE")).map(|at| Case::at(with(c, &at, json!("yes")), vec![at])).collect())
    }),
    ("key-goes", |c| {
        // Where no pod asks for it by name: it is taken with all the others.
        let keys = sites(c, "ConfigMap", "data *").into_iter().filter(|key| !is_named(c, key));
        let gone = keys.map(|key| Case::at(without(c, &key), vec![key]));
        held(c, gone.collect()).into_iter().map(at_the_name).collect()
    }),
    ("mounted-by-sub-path", |c| {
        let mounts = sites(c, STAYING, "@ spec containers * volumeMounts *").into_iter();
        mounts.flat_map(|mount| by_sub_path(c, &mount)).collect()
    }),
];

/// Another value that is as good: what reads it is not asked.
fn changed(value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    Some(json!(if text.ends_with('\n') { format!("{text}# more\n") } else { format!("{text}/x") }))
}

/// Those whose key a pod that stays holds in its environment; after a release of the chart as it was.
fn held(last: &Chart, cases: Vec<Case>) -> Vec<Case> {
    let is_held = |case: &Case| place(case).is_some_and(|key| is_in_a_variable(last, key));
    cases.into_iter().filter(is_held).map(|case| Case { chart: case.chart.after(last), ..case }).collect()
}

fn place(case: &Case) -> Option<&At> {
    match &case.expected {
        crate::case::Expected::At(all) => all.first(),
        _ => None,
    }
}

fn is_in_a_variable(chart: &Chart, key: &At) -> bool {
    let (object, asked) = (&chart.documents[key.0], json!(key.1.last()));
    let (all, one) = match object.kind() {
        "Secret" => ("secretRef", "secretKeyRef"),
        _ => ("configMapRef", "configMapKeyRef"),
    };
    let of_all = sites(chart, STAYING, &format!("@ spec containers * envFrom * {all} name"));
    let lists = ["containers", "initContainers"].into_iter();
    let of_one = lists.flat_map(|list| sites(chart, STAYING, &format!("@ spec {list} * env * valueFrom {one}")));
    let is_asked = |at: &At| chart.get(at)["name"] == object.name() && chart.get(at)["key"] == asked;
    of_all.iter().any(|at| chart.get(at) == object.name()) || of_one.into_iter().any(|at| is_asked(&at))
}

/// Whether a pod names the key.
fn is_named(chart: &Chart, key: &At) -> bool {
    let name = json!(key.1.last());
    let ways = ["@ spec containers * env * valueFrom configMapKeyRef key", "@ spec volumes * configMap items * key"];
    ways.iter().any(|way| sites(chart, "*", way).iter().any(|at| *chart.get(at) == name))
}

/// What is gone has no line: the name of the object is shown.
fn at_the_name(case: Case) -> Case {
    case.moved(|at| at.with_path(&["metadata", "name"]))
}

/// A file of a config map mounted alone, before and after it changed.
fn by_sub_path(chart: &Chart, mount: &At) -> Vec<Case> {
    let volumes = sites(chart, STAYING, "@ spec volumes * configMap name").into_iter().filter(|at| at.0 == mount.0);
    let mut volumes = volumes.filter(|name| chart.get(&name.parent().parent())["name"] == chart.get(mount)["name"]);
    let Some(name) = volumes.next() else { return Vec::new() };
    let keys = sites(chart, "ConfigMap", "data *").into_iter();
    let of_it = keys.filter(|key| chart.documents[key.0].name() == chart.get(&name));
    let alone = |key: At| {
        let last = with(chart, &mount.below("subPath"), json!(key.1.last()));
        let now = with(&last, &key, changed(chart.get(&key)).expect("a text"));
        Case::at(now.after(&last), vec![key])
    };
    of_it.map(alone).collect()
}
