//! Strict decoding: what the API server would refuse, found without one. Unknown fields and wrong types come from the
//! types of Kubernetes itself, ranges and enums from a small table ([`super::values`]).

use super::{Document, Path};
use k8s_openapi::api::{
    admissionregistration::v1 as admission, apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch,
    core::v1 as core, discovery::v1 as discovery, networking::v1 as networking, policy::v1 as policy, rbac::v1 as rbac,
    scheduling::v1 as scheduling, storage::v1 as storage,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as apiextensions;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Something in an object that can't be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// What is wrong, in one line.
    pub(crate) message: String,
    /// Where.
    pub(crate) at: Path,
}

impl Flaw {
    pub(super) fn new(at: Path, message: impl Into<String>) -> Self {
        Self { message: message.into(), at }
    }
}

/// Everything that is wrong with a document by itself.
pub(crate) fn flaws(document: &Document) -> Vec<Flaw> {
    if let Some(error) = &document.error {
        return vec![Flaw::new(Path::new(), format!("it is no YAML: {error}"))];
    }
    let head = missing_head(document);
    if !head.is_empty() {
        return head;
    }
    if let Some(flaw) = removed(document) {
        return vec![flaw];
    }
    let typed = typed(document);
    if !typed.is_empty() {
        return typed;
    }
    let found = super::values::flaws(document);
    if found.is_empty() { super::refused::flaws(document) } else { found }
}

/// API versions that no supported Kubernetes serves any more (`*`: all of the group version), and what took their place.
const REMOVED: [(&str, &str, &str); 10] = [
    ("extensions/v1beta1", "*", "apps/v1 or networking.k8s.io/v1"),
    ("apps/v1beta1", "*", "apps/v1"),
    ("apps/v1beta2", "*", "apps/v1"),
    ("batch/v1beta1", "CronJob", "batch/v1"),
    ("policy/v1beta1", "*", "policy/v1"),
    ("autoscaling/v2beta1", "*", "autoscaling/v2"),
    ("autoscaling/v2beta2", "*", "autoscaling/v2"),
    ("networking.k8s.io/v1beta1", "Ingress", "networking.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "*", "rbac.authorization.k8s.io/v1"),
    ("apiextensions.k8s.io/v1beta1", "*", "apiextensions.k8s.io/v1"),
];

fn removed(document: &Document) -> Option<Flaw> {
    let (version, kind) = (document.api_version(), document.kind());
    let is_it = |(v, k, _): &&(&str, &str, &str)| *v == version && (*k == "*" || *k == kind);
    let (_, _, now) = REMOVED.iter().find(is_it)?;
    let message = format!("no supported Kubernetes serves {version} {kind}; it is in {now}");
    Some(Flaw::new(vec!["apiVersion".to_owned()], message))
}

fn missing_head(document: &Document) -> Vec<Flaw> {
    let has_name = !document.name().is_empty() || document.value.pointer("/metadata/generateName").is_some();
    let parts = [
        ("apiVersion", document.api_version().is_empty()),
        ("kind", document.kind().is_empty()),
        ("metadata.name", !has_name),
    ];
    let missing = parts.into_iter().filter(|(_, is_missing)| *is_missing);
    missing.map(|(field, _)| Flaw::new(Path::new(), format!("`{field}` is missing"))).collect()
}

fn typed(document: &Document) -> Vec<Flaw> {
    let value = &document.value;
    match (document.api_version(), document.kind()) {
        ("v1", "ConfigMap") => decode::<core::ConfigMap>(value),
        ("v1", "Endpoints") => decode::<core::Endpoints>(value),
        ("v1", "LimitRange") => decode::<core::LimitRange>(value),
        ("v1", "Namespace") => decode::<core::Namespace>(value),
        ("v1", "PersistentVolume") => decode::<core::PersistentVolume>(value),
        ("v1", "PersistentVolumeClaim") => decode::<core::PersistentVolumeClaim>(value),
        ("v1", "Pod") => decode::<core::Pod>(value),
        ("v1", "ReplicationController") => decode::<core::ReplicationController>(value),
        ("v1", "ResourceQuota") => decode::<core::ResourceQuota>(value),
        ("v1", "Secret") => without_values(decode::<core::Secret>(value)),
        ("v1", "Service") => decode::<core::Service>(value),
        ("v1", "ServiceAccount") => decode::<core::ServiceAccount>(value),
        ("apps/v1", "DaemonSet") => decode::<apps::DaemonSet>(value),
        ("apps/v1", "Deployment") => decode::<apps::Deployment>(value),
        ("apps/v1", "ReplicaSet") => decode::<apps::ReplicaSet>(value),
        ("apps/v1", "StatefulSet") => decode::<apps::StatefulSet>(value),
        ("batch/v1", "CronJob") => decode::<batch::CronJob>(value),
        ("batch/v1", "Job") => decode::<batch::Job>(value),
        ("autoscaling/v2", "HorizontalPodAutoscaler") => decode::<autoscaling::HorizontalPodAutoscaler>(value),
        ("discovery.k8s.io/v1", "EndpointSlice") => decode::<discovery::EndpointSlice>(value),
        ("networking.k8s.io/v1", "Ingress") => decode::<networking::Ingress>(value),
        ("networking.k8s.io/v1", "IngressClass") => decode::<networking::IngressClass>(value),
        ("networking.k8s.io/v1", "NetworkPolicy") => decode::<networking::NetworkPolicy>(value),
        ("policy/v1", "PodDisruptionBudget") => decode::<policy::PodDisruptionBudget>(value),
        ("rbac.authorization.k8s.io/v1", "ClusterRole") => decode::<rbac::ClusterRole>(value),
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding") => decode::<rbac::ClusterRoleBinding>(value),
        ("rbac.authorization.k8s.io/v1", "Role") => decode::<rbac::Role>(value),
        ("rbac.authorization.k8s.io/v1", "RoleBinding") => decode::<rbac::RoleBinding>(value),
        ("scheduling.k8s.io/v1", "PriorityClass") => decode::<scheduling::PriorityClass>(value),
        ("storage.k8s.io/v1", "StorageClass") => decode::<storage::StorageClass>(value),
        ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration") => {
            decode::<admission::MutatingWebhookConfiguration>(value)
        }
        ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration") => {
            decode::<admission::ValidatingWebhookConfiguration>(value)
        }
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition") => {
            decode::<apiextensions::CustomResourceDefinition>(value)
        }
        // Of other kinds only the head is known.
        _ => metadata(value),
    }
}

fn metadata(value: &Value) -> Vec<Flaw> {
    let below = |flaw: Flaw| {
        let at: Path = ["metadata".to_owned()].into_iter().chain(flaw.at).collect();
        Flaw::new(at, format!("in `metadata`, {}", flaw.message))
    };
    decode::<ObjectMeta>(&value["metadata"]).into_iter().map(below).collect()
}

fn decode<T: DeserializeOwned>(value: &Value) -> Vec<Flaw> {
    let mut unknown = Vec::new();
    let mut ignored = |path: serde_ignored::Path<'_>| unknown.push(steps(&path));
    if let Err(first) = serde_ignored::deserialize::<_, _, T>(value, &mut ignored) {
        return vec![wrong_type::<T>(value).unwrap_or_else(|| Flaw::new(Path::new(), first.to_string()))];
    }
    unknown.retain(|path| !is_null(value, path));
    unknown.into_iter().map(|path| Flaw::new(path.clone(), format!("unknown field `{}`", path.join(".")))).collect()
}

/// Kubernetes drops a null, known or not.
fn is_null(value: &Value, path: &Path) -> bool {
    let found = path.iter().try_fold(value, |v, step| match v {
        Value::Array(items) => step.parse::<usize>().ok().and_then(|i| items.get(i)),
        other => other.get(step),
    });
    found.is_some_and(Value::is_null)
}

/// Serde's own error has no path: the deepest part that mends the object when it is taken out is the wrong one.
fn wrong_type<T: DeserializeOwned>(value: &Value) -> Option<Flaw> {
    let mut at = Path::new();
    let mut error = T::deserialize(value).err()?.to_string();
    while let Some((step, inner)) = guilty_child::<T>(value, &at) {
        at.push(step);
        error = inner;
    }
    Some(Flaw::new(at.clone(), format!("`{}`: {error}", at.join("."))))
}

fn guilty_child<T: DeserializeOwned>(value: &Value, at: &Path) -> Option<(String, String)> {
    let pointer = at.iter().fold(String::new(), |pointer, step| crate::diagnostic::child(&pointer, step));
    let error = T::deserialize(value).err()?.to_string();
    let steps: Vec<String> = match value.pointer(&pointer)? {
        Value::Object(map) => map.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|i| i.to_string()).collect(),
        _ => return None,
    };
    steps.into_iter().find(|step| is_mended::<T>(value, &pointer, step)).map(|step| (step, error))
}

fn is_mended<T: DeserializeOwned>(value: &Value, pointer: &str, step: &str) -> bool {
    let mut without = value.clone();
    match without.pointer_mut(pointer) {
        Some(Value::Object(map)) => drop(map.shift_remove(step)),
        Some(Value::Array(items)) => drop(step.parse().ok().map(|i: usize| items.remove(i))),
        _ => return false,
    }
    T::deserialize(&without).is_ok()
}

fn steps(path: &serde_ignored::Path<'_>) -> Path {
    use serde_ignored::Path as P;
    match path {
        P::Root => Path::new(),
        P::Seq { parent, index } => child(parent, index.to_string()),
        P::Map { parent, key } => child(parent, key.clone()),
        P::Some { parent } | P::NewtypeStruct { parent } | P::NewtypeVariant { parent } => steps(parent),
    }
}

fn child(parent: &serde_ignored::Path<'_>, step: String) -> Path {
    let mut path = steps(parent);
    path.push(step);
    path
}

/// The words of a Secret's error may hold the value.
fn without_values(flaws: Vec<Flaw>) -> Vec<Flaw> {
    let hide = |flaw: Flaw| match flaw.message.split_once(": ") {
        Some((field, _)) => Flaw::new(flaw.at, format!("{field} has a wrong type (`data` holds base64 text)")),
        None => flaw,
    };
    flaws.into_iter().map(hide).collect()
}
