//! What operators may make of the custom resources in a render. Kinds that are known to make nothing, or just one
//! object of a name that they tell, hide no other mistake; of all others anything may come.

use super::Document;
use serde_json::Value;
use std::collections::HashSet;

/// What custom resources may bring into the namespace.
#[derive(Debug, Default)]
pub(super) struct Custom {
    /// Kinds that the chart itself defines.
    pub(super) defined: HashSet<String>,
    /// `Secret/name` of what they say they make.
    made: HashSet<String>,
    is_anything_possible: bool,
}

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
    pub(super) fn of(documents: &[Document]) -> Self {
        let mut custom = Self::default();
        for document in documents {
            if document.kind() == "CustomResourceDefinition" {
                let kind = document.value.pointer("/spec/names/kind").and_then(Value::as_str);
                custom.defined.extend(kind.map(str::to_owned));
            } else if document.is_custom() && !INERT.contains(&document.kind()) {
                match makes(document) {
                    Some(name) => drop(custom.made.insert(name)),
                    None => custom.is_anything_possible = true,
                }
            }
        }
        custom
    }

    pub(super) fn may_make(&self, kind: &str, name: &str) -> bool {
        self.is_anything_possible || self.made.contains(&format!("{kind}/{name}"))
    }

    pub(super) fn may_make_pods(&self) -> bool {
        self.is_anything_possible
    }
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
