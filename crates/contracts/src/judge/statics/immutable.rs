//! `immutable`: what can't be changed once it is installed is as it was in the last release; else the next upgrade is
//! refused by the API server. The clause is there only where a last release was found.

use super::{Facts, Finding, Inspected};
use crate::graph::{Document, Path, below};
use crate::units::quantity;
use serde_json::Value;

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("objects of the last release");
    let Some(last) = &facts.environment.last_release else { return inspected };
    for document in facts.graph.documents.iter().filter(|document| !document.is_hook()) {
        let Some(old) = facts.before(document) else { continue };
        let rules = if comes_anew(facts, document) { Vec::new() } else { rules(document, old) };
        if !rules.is_empty() {
            let changed = rules.into_iter().filter_map(|rule| rule.broken(document, old, &last.name));
            inspected.subject(changed);
        }
    }
    inspected
}

/// Jobs that clean up after themselves, and what gets another name or value with each upgrade: an upgrade starts from
/// something else than the last render.
fn comes_anew(facts: &Facts<'_>, document: &Document) -> bool {
    let is_gone = !document.value["spec"]["ttlSecondsAfterFinished"].is_null();
    is_gone || (["Job", "ConfigMap", "Secret"].contains(&document.kind()) && facts.is_random(document))
}

/// A field that may not change, and when that is certain.
struct Rule {
    field: &'static [&'static str],
    kind: Change,
}

/// What counts as a change of a field.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    /// Any other value, written or not.
    Any,
    /// Another value where one was written, and is: what is left out is filled in by the API server.
    Written,
    /// A value where the API server had filled in its own, or another one.
    Set,
    /// Less than it was.
    Less,
}

fn rules(document: &Document, old: &Document) -> Vec<Rule> {
    let rule = |field, kind| Rule { field, kind };
    match document.kind() {
        "Deployment" | "DaemonSet" | "ReplicaSet" => vec![rule(&["spec", "selector"], Change::Any)],
        "StatefulSet" => vec![
            rule(&["spec", "selector"], Change::Any),
            rule(&["spec", "serviceName"], Change::Any),
            rule(&["spec", "podManagementPolicy"], Change::Written),
            rule(&["spec", "volumeClaimTemplates"], Change::Any),
        ],
        "Job" => vec![
            rule(&["spec", "template"], Change::Any),
            rule(&["spec", "selector"], Change::Any),
            rule(&["spec", "completionMode"], Change::Written),
        ],
        "Service" if !is_external(document) && !is_external(old) => vec![rule(&["spec", "clusterIP"], Change::Set)],
        "PersistentVolumeClaim" => vec![
            rule(&["spec", "accessModes"], Change::Any),
            rule(&["spec", "storageClassName"], Change::Written),
            rule(&["spec", "volumeMode"], Change::Written),
            rule(&["spec", "volumeName"], Change::Written),
            rule(&["spec", "resources", "requests", "storage"], Change::Less),
        ],
        "ConfigMap" | "Secret" if old.value["immutable"] == Value::Bool(true) => vec![
            rule(&["data"], Change::Any),
            rule(&["stringData"], Change::Any),
            rule(&["binaryData"], Change::Any),
            rule(&["immutable"], Change::Any),
        ],
        "Secret" => vec![rule(&["type"], Change::Any)],
        "RoleBinding" | "ClusterRoleBinding" => vec![rule(&["roleRef"], Change::Any)],
        "StorageClass" => vec![
            rule(&["provisioner"], Change::Any),
            rule(&["parameters"], Change::Any),
            rule(&["reclaimPolicy"], Change::Written),
        ],
        "PriorityClass" => vec![rule(&["value"], Change::Any)],
        "CustomResourceDefinition" => vec![rule(&["spec", "scope"], Change::Any)],
        _ => Vec::new(),
    }
}

fn is_external(service: &Document) -> bool {
    service.value["spec"]["type"] == "ExternalName"
}

impl Rule {
    fn broken(&self, document: &Document, old: &Document, last: &str) -> Option<Finding> {
        let (was, is) = (at(&old.value, self.field), at(&document.value, self.field));
        let is_changed = match self.kind {
            Change::Any => !same(was, is),
            Change::Written => !was.is_null() && !is.is_null() && !same(was, is),
            Change::Set => !is.is_null() && !same(was, is),
            Change::Less => amount(is).zip(amount(was)).is_some_and(|(now, then)| now < then),
        };
        let (target, field) = (document.target(), self.field.join("."));
        let (was, is) = (shown(document, was), shown(document, is));
        let wanted = if self.kind == Change::Less { "at least" } else { "as in" };
        let message = if was.is_empty() || is.is_empty() {
            format!("{target} {field}: expected {wanted} {last}, seen another: it can't be changed by an upgrade")
        } else {
            format!("{target} {field}: expected {wanted} {last}, {was}; seen {is}: it can't be changed by an upgrade")
        };
        is_changed.then(|| Finding::at(document, &self.nearest(document), message))
    }

    /// The field, or what is around it where it is gone.
    fn nearest(&self, document: &Document) -> Path {
        let is_there = |steps: &&[&str]| !at(&document.value, steps).is_null();
        let all = (0..=self.field.len()).rev().map(|n| &self.field[..n]);
        below(&[], all.into_iter().find(is_there).unwrap_or_default())
    }
}

fn at<'v>(value: &'v Value, steps: &[&str]) -> &'v Value {
    steps.iter().try_fold(value, |value, step| value.get(*step)).unwrap_or(&Value::Null)
}

/// The same to the API server: quantities by their amount, what is empty or a default as what is not written.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            keys.into_iter()
                .all(|key| same_field(key, a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::String(_) | Value::Number(_), Value::String(_) | Value::Number(_)) => {
            one == other
                || (one.is_string() != other.is_string() || is_sized(one))
                    && amount(one).is_some()
                    && amount(one) == amount(other)
        }
        (one, other) => one == other || (is_nothing(one) && is_nothing(other)),
    }
}

fn same_field(key: &str, one: &Value, other: &Value) -> bool {
    const DEFAULTS: [(&str, &str); 4] =
        [("volumeMode", "Filesystem"), ("protocol", "TCP"), ("apiVersion", "v1"), ("kind", "PersistentVolumeClaim")];
    let default = |value: &Value| DEFAULTS.iter().any(|(k, d)| *k == key && (value.is_null() || value == d));
    (default(one) && default(other)) || same(one, other)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().all(is_nothing),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn is_sized(value: &Value) -> bool {
    value.as_str().is_some_and(crate::units::is_with_unit)
}

fn amount(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| quantity(value.as_str()?))
}

/// A short value as it is written; nothing of a Secret.
fn shown(document: &Document, value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let is_short = text.len() <= 60 && !value.is_null();
    if is_short && document.kind() != "Secret" { format!("`{text}`") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{SHOP, findings_since};

    /// The last release and this one.
    fn check(last: &str, now: &str, expected: &str) {
        assert_eq!(findings_since(&SHOP.replace("# more", last), &SHOP.replace("# more", now)), expected);
    }

    const SET: &str = "---\n# Source: shop/templates/set.yaml\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: db }\nspec:\n  \
                       serviceName: shop\n  selector: { matchLabels: { app: db } }\n  template:\n    metadata: { labels: { app: db, tier: \
                       back } }\n    spec: { containers: [{ name: db, image: db:1 }] }\n  volumeClaimTemplates:\n    - metadata: { name: data \
                       }\n      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n";

    #[test]
    fn a_stateful_set() {
        check(SET, SET, "");
        check(SET, &SET.replace("storage: 1Gi", "storage: 1024Mi").replace("db:1", "db:2"), "");
        let told = |field: &str, values: &str, line: usize| {
            format!(
                "immutable: sts/db spec.{field}: expected as in v1, {values}: it can't be changed by an upgrade\n  \
                 charts/registry/templates/set.yaml rendered line {line}"
            )
        };
        check(
            SET,
            &SET.replace("matchLabels: { app: db }", "matchLabels: { tier: back }"),
            &told("selector", "`{\"matchLabels\":{\"app\":\"db\"}}`; seen `{\"matchLabels\":{\"tier\":\"back\"}}`", 62),
        );
        let other = "---\napiVersion: v1\nkind: Service\nmetadata: { name: other }\nspec: { selector: { app: shop }, ports: [{ port: 80, targetPort: http }] }\n";
        check(
            &format!("{SET}{other}"),
            &format!("{}{other}", SET.replace("serviceName: shop", "serviceName: other")),
            &told("serviceName", "`shop`; seen `other`", 61),
        );
        check(
            SET,
            &SET.replace("storage: 1Gi", "storage: 2Gi"),
            "immutable: sts/db spec.volumeClaimTemplates: expected as in v1, seen another: it can't be changed by an upgrade\n  \
             charts/registry/templates/set.yaml rendered line 66",
        );
    }

    #[test]
    fn a_claim() {
        let claim = |spec: &str| {
            format!(
                "---\n# Source: shop/templates/pvc.yaml\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{ name: data }}\nspec:\n  \
                 accessModes: [ReadWriteOnce]\n  {spec}\n"
            )
        };
        let size = |size: &str| claim(&format!("resources: {{ requests: {{ storage: {size} }} }}"));
        check(&size("1Gi"), &size("2Gi"), "");
        check(
            &size("1Gi"),
            &size("900Mi"),
            "immutable: pvc/data spec.resources.requests.storage: expected at least v1, `1Gi`; seen `900Mi`: it can't be changed by an \
             upgrade\n  charts/registry/templates/pvc.yaml rendered line 62",
        );
        let class =
            |class: &str| claim(&format!("storageClassName: {class}\n  resources: {{ requests: {{ storage: 1Gi }} }}"));
        check(&size("1Gi"), &class("fast"), "");
        check(
            &class("slow"),
            &class("fast"),
            "immutable: pvc/data spec.storageClassName: expected as in v1, `slow`; seen `fast`: it can't be changed by an upgrade\n  \
             charts/registry/templates/pvc.yaml rendered line 62",
        );
    }

    #[test]
    fn jobs_services_roles_and_what_says_so_itself() {
        let job = "---\n# Source: shop/templates/job.yaml\napiVersion: batch/v1\nkind: Job\nmetadata: { name: init }\nspec:\n  template:\n    \
                   spec: { restartPolicy: Never, containers: [{ name: init, image: db:1 }] }\n";
        check(job, job, "");
        let brief = job.replace("spec:\n  template", "spec:\n  ttlSecondsAfterFinished: 60\n  template");
        check(&brief, &brief.replace("db:1", "db:2"), "");
        check(job, &job.replace("name: init }\nspec", "name: init-2 }\nspec").replace("db:1", "db:2"), "");
        check(
            job,
            &job.replace("db:1", "db:2"),
            "immutable: job/init spec.template: expected as in v1, seen another: it can't be changed by an upgrade\n  \
             charts/registry/templates/job.yaml rendered line 61",
        );
        let map = |value: &str| {
            format!(
                "---\n# Source: shop/templates/map.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: fixed }}\nimmutable: true\ndata: {{ a: {value} }}\n"
            )
        };
        check(&map("x"), &map("x"), "");
        check(
            &map("x"),
            &map("y"),
            "immutable: cm/fixed data: expected as in v1, `{\"a\":\"x\"}`; seen `{\"a\":\"y\"}`: it can't be changed by an upgrade\n  \
             charts/registry/templates/map.yaml rendered line 61",
        );
        let headless = SHOP.replacen(
            "spec:\n  selector:\n    app: shop\n  ports",
            "spec:\n  clusterIP: None\n  selector:\n    app: shop\n  ports",
            1,
        );
        assert_eq!(findings_since(&headless, SHOP), "");
        assert_eq!(
            findings_since(SHOP, &headless),
            "immutable: svc/shop spec.clusterIP: expected as in v1, seen another: it can't be changed by an upgrade\n  \
             charts/registry/templates/front.yaml rendered line 8"
        );
    }
}
