//! What types don't say: required fields, ranges, enums and quantities of the kinds that charts are made of.

use super::{Container, Document, Flaw, Path, PodTemplate, ServicePort, path};
use serde_json::Value;

/// The flaws in the values of a document that has the right types.
pub(super) fn flaws(document: &Document) -> Vec<Flaw> {
    let mut found = match document.kind() {
        "Service" => service(document),
        "PersistentVolumeClaim" => claim(document),
        "Deployment" | "StatefulSet" | "DaemonSet" => selector(document),
        _ => Vec::new(),
    };
    if let Some(pod) = PodTemplate::of(document) {
        found.extend(containers(&pod));
    }
    found
}

fn service(document: &Document) -> Vec<Flaw> {
    let kinds = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];
    let mut found: Vec<Flaw> = one_of(&document.value, &path(["spec", "type"]), &kinds).into_iter().collect();
    for port in ServicePort::all(document) {
        found.extend(in_range(&port.value["port"], port.below("port")));
        found.extend(one_of_value(&port.value["protocol"], port.below("protocol"), &["TCP", "UDP", "SCTP"]));
    }
    found
}

fn claim(document: &Document) -> Vec<Flaw> {
    let request = path(["spec", "resources", "requests", "storage"]);
    match at(&document.value, &request) {
        Value::Null => vec![Flaw::new(path(["spec"]), "`spec.resources.requests.storage` is missing")],
        value => quantity(value, request).into_iter().collect(),
    }
}

fn selector(document: &Document) -> Vec<Flaw> {
    let is_missing = document.value.pointer("/spec/selector").is_none_or(Value::is_null);
    is_missing.then(|| Flaw::new(path(["spec"]), "`spec.selector` is missing")).into_iter().collect()
}

fn containers(pod: &PodTemplate<'_>) -> Vec<Flaw> {
    let all = pod.containers();
    if pod.running().is_empty() {
        return vec![Flaw::new(pod.below_spec(["containers"]), "the pod has no containers")];
    }
    all.iter().flat_map(container).collect()
}

fn container(container: &Container<'_>) -> Vec<Flaw> {
    let policies = ["Always", "IfNotPresent", "Never"];
    let mut found = Vec::new();
    if container.name().is_empty() {
        found.push(Flaw::new(container.at.clone(), "the container has no `name`"));
    }
    let policy = container.below(["imagePullPolicy"]);
    found.extend(one_of_value(&container.value["imagePullPolicy"], policy, &policies));
    let ports = container.value["ports"].as_array().into_iter().flatten().enumerate();
    found.extend(ports.filter_map(|(i, port)| {
        in_range(&port["containerPort"], container.below(["ports", &i.to_string(), "containerPort"]))
    }));
    for list in ["requests", "limits"] {
        let amounts = container.value["resources"][list].as_object().into_iter().flatten();
        found.extend(amounts.filter_map(|(key, v)| quantity(v, container.below(["resources", list, key]))));
    }
    found
}

fn at<'a>(value: &'a Value, path: &Path) -> &'a Value {
    path.iter().try_fold(value, |value, step| value.get(step)).unwrap_or(&Value::Null)
}

fn one_of(value: &Value, path: &Path, allowed: &[&str]) -> Option<Flaw> {
    one_of_value(at(value, path), path.clone(), allowed)
}

fn one_of_value(value: &Value, path: Path, allowed: &[&str]) -> Option<Flaw> {
    let text = value.as_str()?;
    let message = format!("`{}` is `{text}`, which is none of {}", path.join("."), allowed.join(", "));
    (!allowed.contains(&text)).then(|| Flaw::new(path, message))
}

fn in_range(value: &Value, path: Path) -> Option<Flaw> {
    let Some(port) = value.as_i64() else {
        return value.is_null().then(|| Flaw::new(path.clone(), format!("`{}` is missing", path.join("."))));
    };
    let message = format!("`{}` is {port}; ports go from 1 to 65535", path.join("."));
    (!(1..=65535).contains(&port)).then(|| Flaw::new(path, message))
}

fn quantity(value: &Value, path: Path) -> Option<Flaw> {
    let text = value.as_str()?;
    let message = format!("`{}` is `{text}`, which is no quantity", path.join("."));
    (!is_quantity(text)).then(|| Flaw::new(path, message))
}

/// A number, then one of the suffixes that Kubernetes knows.
fn is_quantity(text: &str) -> bool {
    const SUFFIXES: [&str; 16] = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let is_exponent = suffix.strip_prefix(['e', 'E']).is_some_and(|e| !e.is_empty() && e.parse::<i32>().is_ok());
    number.parse::<f64>().is_ok() && (SUFFIXES.contains(&suffix) || is_exponent)
}
