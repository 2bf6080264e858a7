//! What may come into the namespace beside the render: what operators make of its custom resources, and what its own
//! programs may make. Kinds that are known to make nothing, or just one object of a name that they tell, hide no other
//! mistake. Where the chart brings the kind *and* its operator, that can make what its rights allow and no more; of all
//! others anything may come.

use super::Document;
use super::index::Index;
use super::rights::{Made, Rights};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// What may be made beside the render.
#[derive(Debug, Default)]
pub(super) struct Custom {
    /// Kinds that the chart itself defines.
    pub(super) defined: HashSet<String>,
    /// `Secret/name` of what custom resources say they make.
    named: HashSet<String>,
    /// What its own programs may make.
    made: Made,
    /// Whether a custom resource has an operator of which nothing is known.
    is_anything_possible: bool,
}

/// Resources of the objects that pods come from.
const WITH_PODS: [&str; 8] =
    ["cronjobs", "daemonsets", "deployments", "jobs", "pods", "replicasets", "replicationcontrollers", "statefulsets"];

/// Kinds that change traffic, watch or scale, and make no object that a chart could name.
const INERT: [&str; 17] = [
    "AuthorizationPolicy",
    "DestinationRule",
    "Gateway",
    "IngressRoute",
    "IngressRouteTCP",
    "Middleware",
    "PeerAuthentication",
    "PodMonitor",
    "Probe",
    "PrometheusRule",
    "RequestAuthentication",
    "ScaledObject",
    "ServiceEntry",
    "ServiceMonitor",
    "TriggerAuthentication",
    "VerticalPodAutoscaler",
    "VirtualService",
];

impl Custom {
    pub(super) fn of(documents: &[Document], index: &Index) -> Self {
        let defined = defined(documents, index);
        let rights = Rights::of(documents, index);
        let is_open = |one: &&Document| one.is_custom() && !INERT.contains(&one.kind());
        let resources: Vec<&Document> = documents.iter().filter(is_open).collect();
        let kept = kept(&defined, &rights, &resources);
        let mut custom = Self {
            defined: defined.keys().map(|(_, kind)| (*kind).to_owned()).collect(),
            made: rights
                .made(|group, plural| kept.contains(&(group.to_owned(), plural.to_owned())) || is_inert(plural)),
            ..Self::default()
        };
        for document in resources {
            let (group, kind) = (document.group(), document.kind());
            let is_kept = |plural: String| kept.contains(&(group.to_owned(), plural));
            match makes(document) {
                Some(name) => drop(custom.named.insert(name)),
                None => custom.is_anything_possible |= !plurals(&defined, group, kind).into_iter().any(is_kept),
            }
        }
        custom
    }

    pub(super) fn may_make(&self, kind: &str, name: &str) -> bool {
        self.is_anything_possible
            || self.named.contains(&format!("{kind}/{name}"))
            || resources(kind).is_some_and(|resources| self.made.holds(resources))
    }

    pub(super) fn may_make_pods(&self) -> bool {
        self.is_anything_possible || self.made.holds(&WITH_PODS)
    }
}

/// Group and plural of the custom resources whose operator the chart brings.
fn kept(
    defined: &HashMap<(&str, &str), &str>,
    rights: &Rights<'_>,
    resources: &[&Document],
) -> HashSet<(String, String)> {
    let used: HashSet<(&str, &str)> = resources.iter().map(|one| (one.group(), one.kind())).collect();
    let all = used.into_iter().chain(defined.keys().copied()).flat_map(|(group, kind)| {
        let is_defined = defined.contains_key(&(group, kind));
        plurals(defined, group, kind).into_iter().map(move |plural| (group, plural, is_defined))
    });
    let kept = all.filter(|(group, plural, is_defined)| rights.has_operator(group, plural, *is_defined));
    kept.map(|(group, plural, _)| (group.to_owned(), plural)).collect()
}

/// The name of a kind's resource, or what it may be where the definition is not rendered (`crds/`).
fn plurals(defined: &HashMap<(&str, &str), &str>, group: &str, kind: &str) -> Vec<String> {
    if let Some(plural) = defined.get(&(group, kind)) {
        return vec![(*plural).to_owned()];
    }
    guessed(kind).to_vec()
}

fn guessed(kind: &str) -> [String; 3] {
    let kind = kind.to_lowercase();
    let stem = kind.strip_suffix('y').unwrap_or(&kind);
    [format!("{kind}s"), format!("{kind}es"), format!("{stem}ies")]
}

fn is_inert(plural: &str) -> bool {
    INERT.iter().any(|kind| guessed(kind).iter().any(|known| known == plural))
}

/// Group and kind of what the chart defines → the name of its resource.
fn defined<'d>(documents: &'d [Document], index: &Index) -> HashMap<(&'d str, &'d str), &'d str> {
    let read = |i: &usize| {
        let text = |pointer: &str| documents[*i].value.pointer(pointer).and_then(Value::as_str);
        let (group, plural) = (text("/spec/group"), text("/spec/names/plural"));
        Some(((group.unwrap_or_default(), text("/spec/names/kind")?), plural.unwrap_or_default()))
    };
    index.of_kind("CustomResourceDefinition").iter().filter_map(read).collect()
}

/// The resources from which an object of a kind comes. Roles come with the chart: whoever could make them at will could
/// as well do without.
fn resources(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "ConfigMap" => &["configmaps"],
        "Secret" => &["secrets"],
        "Service" => &["services"],
        "ServiceAccount" => &["serviceaccounts"],
        // A set makes claims of its templates, and so does a pod.
        "PersistentVolumeClaim" => &["persistentvolumeclaims", "pods", "statefulsets"],
        _ => return None,
    })
}

/// The one object that a resource of a well-known kind makes.
fn makes(document: &Document) -> Option<String> {
    let text = |pointer: &str| document.value.pointer(pointer).and_then(Value::as_str);
    let secret = match (document.group(), document.kind()) {
        ("cert-manager.io", "Certificate") => text("/spec/secretName")?,
        ("cert-manager.io", "Issuer" | "ClusterIssuer") => {
            text("/spec/acme/privateKeySecretRef/name").unwrap_or_default()
        }
        ("external-secrets.io", "ExternalSecret") => text("/spec/target/name").unwrap_or(document.name()),
        ("bitnami.com", "SealedSecret") => text("/spec/template/metadata/name").unwrap_or(document.name()),
        _ => return None,
    };
    Some(format!("Secret/{secret}"))
}
