//! What types don't say: required fields, ranges, enums and quantities of the kinds that charts are made of.

use super::{Container, Document, Flaw, Path, PodTemplate, ServicePort, path};
use serde_json::Value;

/// The flaws in the values of a document that has the right types.
pub(super) fn flaws(document: &Document) -> Vec<Flaw> {
    let mut found = match document.kind() {
        "Service" => service(document),
        "PersistentVolumeClaim" => claim(document),
        "Deployment" | "DaemonSet" => selector(document),
        "StatefulSet" => selector(document).into_iter().chain(claim_templates(document)).collect(),
        "HorizontalPodAutoscaler" => most_replicas(document).into_iter().collect(),
        "CronJob" => schedule(document).into_iter().collect(),
        "Ingress" => path_types(document),
        _ => Vec::new(),
    };
    found.extend(name(document));
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
    const MODES: [&str; 4] = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];
    let modes = document.value.pointer("/spec/accessModes").and_then(Value::as_array).into_iter().flatten().enumerate();
    let mut found: Vec<Flaw> = modes
        .filter_map(|(i, mode)| one_of_value(mode, path(["spec", "accessModes", &i.to_string()]), &MODES))
        .collect();
    let request = path(["spec", "resources", "requests", "storage"]);
    match at(&document.value, &request) {
        Value::Null => found.push(Flaw::new(path(["spec"]), "`spec.resources.requests.storage` is missing")),
        value => found.extend(quantity(value, request)),
    }
    found
}

fn claim_templates(document: &Document) -> Vec<Flaw> {
    let templates = document.value.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let sizes = templates.into_iter().flatten().enumerate().map(|(i, _)| {
        path(["spec", "volumeClaimTemplates", &i.to_string(), "spec", "resources", "requests", "storage"])
    });
    sizes.filter_map(|size| quantity(at(&document.value, &size), size)).collect()
}

fn most_replicas(document: &Document) -> Option<Flaw> {
    let is_missing = document.value.pointer("/spec/maxReplicas").is_none_or(Value::is_null);
    is_missing.then(|| Flaw::new(path(["spec"]), "`spec.maxReplicas` is missing"))
}

/// Five fields, or a word such as `@daily`; a time zone may stand before them.
fn schedule(document: &Document) -> Option<Flaw> {
    let text = document.value.pointer("/spec/schedule").and_then(Value::as_str).unwrap_or_default();
    let bare = text.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let is_zone = bare.starts_with("TZ=") || bare.starts_with("CRON_TZ=");
    let times = if is_zone { bare.split_once(' ').map_or("", |(_, times)| times) } else { bare };
    let is_field = |field: &str| field.chars().all(|c| c.is_ascii_alphanumeric() || "*/,-?".contains(c));
    let fields: Vec<&str> = times.split_whitespace().collect();
    let is_right = times.starts_with('@') || (fields.len() == 5 && fields.into_iter().all(is_field));
    let message = format!("`spec.schedule` is `{text}`, which is neither five fields nor a word such as `@daily`");
    (!is_right).then(|| Flaw::new(path(["spec", "schedule"]), message))
}

fn path_types(ingress: &Document) -> Vec<Flaw> {
    let rules = ingress.value.pointer("/spec/rules").and_then(Value::as_array).into_iter().flatten().enumerate();
    let mut found = Vec::new();
    for (r, rule) in rules {
        let paths = rule.pointer("/http/paths").and_then(Value::as_array).into_iter().flatten().enumerate();
        for (p, one) in paths {
            let here = path(["spec", "rules", &r.to_string(), "http", "paths", &p.to_string()]);
            let kind = below(&here, &["pathType"]);
            found.extend(one["pathType"].is_null().then(|| Flaw::new(here, "the path has no `pathType`")));
            found.extend(one_of_value(&one["pathType"], kind, &["Exact", "Prefix", "ImplementationSpecific"]));
        }
    }
    found
}

/// Names of Kubernetes' own kinds are those of DNS; only roles and bindings may have others.
fn name(document: &Document) -> Option<Flaw> {
    let name = document.name();
    let is_role = document.api_version().starts_with("rbac.authorization.k8s.io/");
    let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let is_label = |part: &str| {
        let is_plain = part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        is_plain && is_end(part.chars().next()) && is_end(part.chars().last())
    };
    let is_right = name.is_empty() || (name.len() <= 253 && name.split('.').all(is_label));
    let message = format!("`metadata.name` is `{name}`; a name has lower case letters, digits, `-` and `.`");
    (!is_role && !is_right).then(|| Flaw::new(path(["metadata", "name"]), message))
}

fn selector(document: &Document) -> Vec<Flaw> {
    let is_missing = document.value.pointer("/spec/selector").is_none_or(Value::is_null);
    is_missing.then(|| Flaw::new(path(["spec"]), "`spec.selector` is missing")).into_iter().collect()
}

fn containers(pod: &PodTemplate<'_>) -> Vec<Flaw> {
    let all = pod.containers();
    if pod.spec()["containers"].as_array().is_none_or(Vec::is_empty) {
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

fn below(at: &Path, steps: &[&str]) -> Path {
    at.iter().cloned().chain(steps.iter().map(|step| (*step).to_owned())).collect()
}

fn at<'a>(value: &'a Value, path: &Path) -> &'a Value {
    path.iter()
        .try_fold(value, |value, step| match value {
            Value::Array(items) => step.parse::<usize>().ok().and_then(|i| items.get(i)),
            other => other.get(step),
        })
        .unwrap_or(&Value::Null)
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
