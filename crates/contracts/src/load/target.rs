//! Targets as text: `svc/NAME:PORT/path`, `deploy/NAME:PORT/path`, `host:PORT/path`, `KIND/NAME`, parsed (they print themselves in `model`).

use crate::model::{Kind, Name, PortRef, Target, TargetError};
use std::str::FromStr;

/// Short name → kind. Full names are known in any case; a kind that is not here is kept as it is written.
const KINDS: [(&str, &str); 51] = [
    ("cj", "CronJob"),
    ("clusterrole", "ClusterRole"),
    ("clusterrolebinding", "ClusterRoleBinding"),
    ("cm", "ConfigMap"),
    ("configmap", "ConfigMap"),
    ("crd", "CustomResourceDefinition"),
    ("cronjob", "CronJob"),
    ("customresourcedefinition", "CustomResourceDefinition"),
    ("daemonset", "DaemonSet"),
    ("deploy", "Deployment"),
    ("deployment", "Deployment"),
    ("ds", "DaemonSet"),
    ("ep", "Endpoints"),
    ("endpointslice", "EndpointSlice"),
    ("event", "Event"),
    ("horizontalpodautoscaler", "HorizontalPodAutoscaler"),
    ("hpa", "HorizontalPodAutoscaler"),
    ("ing", "Ingress"),
    ("ingress", "Ingress"),
    ("ingressclass", "IngressClass"),
    ("job", "Job"),
    ("limitrange", "LimitRange"),
    ("limits", "LimitRange"),
    ("namespace", "Namespace"),
    ("netpol", "NetworkPolicy"),
    ("networkpolicy", "NetworkPolicy"),
    ("node", "Node"),
    ("ns", "Namespace"),
    ("pc", "PriorityClass"),
    ("pdb", "PodDisruptionBudget"),
    ("persistentvolume", "PersistentVolume"),
    ("persistentvolumeclaim", "PersistentVolumeClaim"),
    ("po", "Pod"),
    ("pod", "Pod"),
    ("poddisruptionbudget", "PodDisruptionBudget"),
    ("pv", "PersistentVolume"),
    ("pvc", "PersistentVolumeClaim"),
    ("quota", "ResourceQuota"),
    ("replicaset", "ReplicaSet"),
    ("resourcequota", "ResourceQuota"),
    ("role", "Role"),
    ("rolebinding", "RoleBinding"),
    ("rs", "ReplicaSet"),
    ("sa", "ServiceAccount"),
    ("sc", "StorageClass"),
    ("secret", "Secret"),
    ("serviceaccount", "ServiceAccount"),
    ("servicemonitor", "ServiceMonitor"),
    ("statefulset", "StatefulSet"),
    ("storageclass", "StorageClass"),
    ("sts", "StatefulSet"),
];

/// Words that mean a Service, whose targets may carry a port and a path.
const SERVICE: [&str; 3] = ["svc", "service", "services"];

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TargetError::Empty);
        }
        if let Some(rest) = text.strip_prefix("host:") {
            let (port, path) = cut_path(rest);
            return Ok(Self::Host { port: port_number(port)?, path: path.to_owned() });
        }
        if let Some(ingress) = ingress(text) {
            return ingress;
        }
        let end = text.find(['/', ':']).unwrap_or(text.len());
        if SERVICE.contains(&text[..end].to_lowercase().as_str()) { service(&text[end..]) } else { object(text) }
    }
}

/// `ingress/NAME/path`; without a path it is the object.
fn ingress(text: &str) -> Option<Result<Target, TargetError>> {
    let rest = text.strip_prefix("ingress/").or_else(|| text.strip_prefix("ing/"))?;
    let (name, path) = rest.split_at(rest.find('/')?);
    Some(name_of(name, false).map(|name| Target::Ingress { name, path: path.to_owned() }))
}

/// What follows `svc`: nothing, `/NAME…` or `:PORT…`.
fn service(rest: &str) -> Result<Target, TargetError> {
    let (name, rest) = match rest.strip_prefix('/') {
        // `svc//path`: a path of the chart's only Service.
        Some(rest) if rest.len() > 1 && rest.starts_with('/') => (Name::Only, rest),
        Some(rest) => {
            let end = rest.find(['/', ':']).unwrap_or(rest.len());
            (name_of(&rest[..end], false)?, &rest[end..])
        }
        None => (Name::Only, rest),
    };
    let (port, path) = match rest.strip_prefix(':') {
        Some(rest) => {
            let (port, path) = cut_path(rest);
            (Some(port_ref(port)?), path)
        }
        None => (None, rest),
    };
    Ok(Target::Service { name, port, path: path.to_owned() })
}

fn object(text: &str) -> Result<Target, TargetError> {
    let (word, name) = text.split_once('/').map_or((text, None), |(word, name)| (word, Some(name)));
    let kind = kind_of(word, name)?;
    if let (Kind::Named(kind), Some((name, rest))) = (&kind, name.and_then(|name| name.split_once(':')))
        && Target::WITH_PODS.contains(&kind.as_str())
    {
        return pod(kind, name, rest);
    }
    let has_colons = matches!(&kind, Kind::Named(kind) if kind.contains("Role"));
    let name = name.map_or(Ok(Name::Only), |name| name_of(name, has_colons))?;
    Ok(Target::Object { kind, name })
}

/// What follows the colon of `deploy/NAME:`: a port, and a path.
fn pod(kind: &str, name: &str, rest: &str) -> Result<Target, TargetError> {
    let (port, path) = cut_path(rest);
    let (kind, name) = (kind.to_owned(), name_of(name, false)?);
    Ok(Target::Pod { kind, name, port: port_ref(port)?, path: path.to_owned() })
}

fn kind_of(word: &str, name: Option<&str>) -> Result<Kind, TargetError> {
    match (word.to_lowercase().as_str(), name) {
        ("*", _) => Ok(Kind::Any),
        ("pods" | "pod" | "po", Some("*")) => Ok(Kind::PodTemplates),
        ("", _) => Err(TargetError::Empty),
        (lower, _) if !lower.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-') => {
            Err(TargetError::Name { name: word.to_owned() })
        }
        (lower, _) => Ok(Kind::Named(full_kind(lower).unwrap_or(word).to_owned())),
    }
}

fn full_kind(lower: &str) -> Option<&'static str> {
    let known = |word: &str| KINDS.iter().find(|(short, _)| *short == word).map(|(_, kind)| *kind);
    known(lower).or_else(|| known(lower.strip_suffix('s')?)).or_else(|| known(lower.strip_suffix("es")?))
}

fn name_of(text: &str, has_colons: bool) -> Result<Name, TargetError> {
    if text == "*" {
        return Ok(Name::All);
    }
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_name = !text.is_empty()
        && text.len() <= 253
        && text.chars().all(|c| is_letter(c) || c == '-' || c == '.' || (has_colons && c == ':'))
        && text.starts_with(is_letter)
        && text.ends_with(is_letter);
    if is_name { Ok(Name::Is(text.to_owned())) } else { Err(TargetError::Name { name: text.to_owned() }) }
}

/// `5000/v2/` → `5000` and `/v2/`.
fn cut_path(text: &str) -> (&str, &str) {
    text.find('/').map_or((text, ""), |at| text.split_at(at))
}

fn port_ref(text: &str) -> Result<PortRef, TargetError> {
    if text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit()) {
        return port_number(text).map(PortRef::Number);
    }
    let is_name = (1..=63).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && text.chars().any(|c| c.is_ascii_lowercase())
        && !text.starts_with('-')
        && !text.ends_with('-');
    if is_name { Ok(PortRef::Name(text.to_owned())) } else { Err(TargetError::Port { port: text.to_owned() }) }
}

fn port_number(text: &str) -> Result<u16, TargetError> {
    match text.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(TargetError::Port { port: text.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses, and compares with how it prints; errors by their message.
    fn check(text: &str, expected: &str) {
        let seen = text.parse::<Target>().map_or_else(|e| e.to_string(), |target| target.to_string());
        assert!(seen == expected || seen.starts_with(expected), "{text}: {seen}, expected {expected}");
    }

    #[test]
    fn targets_print_as_they_are_written() {
        for text in [
            "svc/shop:http/",
            "svc/shop:80/a?b=c",
            "svc/shop",
            "svc",
            "svc:http/x",
            "svc/shop/healthz",
            "host:5000/v2/",
            "svc//healthz",
        ] {
            check(text, text);
        }
        for text in ["host:5000", "deploy/registry", "deploy", "pvc/*", "pods/*", "*/*", "ingress/shop"] {
            check(text, text);
        }
        for text in ["ingress/shop/", "ingress/shop/a/b?c=d"] {
            check(text, text);
        }
        for text in ["deploy/x:8081/status", "sts/x:http", "ds/x:6640/a:b"] {
            check(text, text);
        }
        for text in ["widget/sample", "clusterrole/system:node", "pod/x-0", "ns/pallet"] {
            check(text, text);
        }
    }

    #[test]
    fn kinds_have_short_and_full_names() {
        for text in ["deploy/x", "Deployment/x", "deployments/x", "deployment/x"] {
            let target = Target::Object { kind: Kind::Named("Deployment".into()), name: Name::Is("x".into()) };
            assert_eq!(text.parse(), Ok(target), "{text}");
        }
        check("ing/x", "ingress/x");
        check("Ingresses/x", "ingress/x");
        check("crd/widgets.acme.io", "customresourcedefinition/widgets.acme.io");
        check("Service/x:http", "svc/x:http");
        check("Widget/x", "widget/x");
    }

    #[test]
    fn what_is_no_target_says_why() {
        check("", "a target is empty");
        check("host:99999/", "`99999` is no port");
        check("host:/", "`` is no port");
        check("svc/x:/", "`` is no port");
        check("svc/x:HTTP/", "`HTTP` is no port");
        check("deploy/", "`` is no name");
        check("deploy/Registry", "`Registry` is no name");
        check("deploy/a b", "`a b` is no name");
        check("deploy/x:", "`` is no port");
        check("deploy/x:99999/", "`99999` is no port");
        check("pvc/x:80", "`x:80` is no name");
        check("what is this", "`what is this` is no name");
        check("/x", "a target is empty");
    }
}
