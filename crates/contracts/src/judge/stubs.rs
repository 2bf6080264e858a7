//! Stub CRDs: which custom resources of a render have a CRD neither in the chart nor, so far, in the trial cluster, and
//! the permissive one that may stand in for it there. Group, version and kind are what the render writes; plural and scope
//! are guessed.

use crate::graph::Document;
use crate::model::{ChartPlan, EnvironmentPlan};
use crate::yaml;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A kind for which a stub may stand in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stub {
    /// `cert-manager.io`.
    pub group: String,
    /// `Certificate`.
    pub kind: String,
    /// The versions that the render uses.
    pub versions: BTreeSet<String>,
    /// Whether its objects are in a namespace.
    pub is_namespaced: bool,
}

/// Groups below `k8s.io` that the API server does not bring: all other names there may be a mistyped one of its own.
const COMMUNITY: [&str; 5] = [
    "autoscaling.k8s.io",
    "gateway.networking.k8s.io",
    "groupsnapshot.storage.k8s.io",
    "policy.networking.k8s.io",
    "snapshot.storage.k8s.io",
];

/// Kinds without a namespace whose names do not say so.
const CLUSTER_WIDE: [&str; 5] =
    ["CompositeResourceDefinition", "Composition", "NodeFeatureRule", "NodePool", "Provider"];

/// Whether a stub may stand in for kinds of this group. Groups of the API server itself have none: a mistyped kind of
/// theirs must fail.
pub fn is_stubbable(group: &str) -> bool {
    let is_of_kubernetes = group.ends_with(".k8s.io") || group == "k8s.io";
    group.contains('.') && (!is_of_kubernetes || COMMUNITY.contains(&group)) || group.ends_with(".x-k8s.io")
}

/// The CRDs that the chart brings outside of its templates (`crds/`, its subcharts' too).
pub fn crds_of_chart(chart: &ChartPlan) -> Vec<Value> {
    let is_crds = |path: &str| path.starts_with("crds/") || path.contains("/crds/");
    let files = chart.templates.iter().filter(|(path, _)| is_crds(path));
    let documents = files.flat_map(|(_, text)| yaml_documents(text));
    documents.filter(is_crd).collect()
}

fn yaml_documents(text: &str) -> Vec<Value> {
    let documents = text.split("\n---").map(|document| document.trim_start_matches('-'));
    documents.filter_map(|document| yaml::json(document).ok()).collect()
}

fn is_crd(object: &Value) -> bool {
    object["kind"] == "CustomResourceDefinition"
}

/// The custom resources of an environment whose group the chart itself does not define.
pub fn stubs(chart: &ChartPlan, environment: &EnvironmentPlan) -> Vec<Stub> {
    let graph = environment.rendered.graph();
    let rendered = graph.documents.iter().map(|document| &document.value).filter(|object| is_crd(object));
    let of_chart = crds_of_chart(chart);
    let defined: BTreeSet<&str> =
        rendered.chain(&of_chart).filter_map(|crd| crd.pointer("/spec/group")?.as_str()).collect();
    let mut stubs: Vec<Stub> = Vec::new();
    for document in &graph.documents {
        let Some((group, version)) = document.api_version().split_once('/') else { continue };
        // A kind that is missing in a group of the chart's own is mistyped.
        if !is_stubbable(group) || defined.contains(group) || document.kind().is_empty() {
            continue;
        }
        let is_it = |stub: &&mut Stub| stub.group == group && stub.kind == document.kind();
        match stubs.iter_mut().find(is_it) {
            Some(stub) => drop(stub.versions.insert(version.to_owned())),
            None => stubs.push(Stub {
                group: group.to_owned(),
                kind: document.kind().to_owned(),
                versions: BTreeSet::from([version.to_owned()]),
                is_namespaced: is_namespaced(&graph.documents, document.kind()),
            }),
        }
    }
    stubs
}

/// By what is written of it: a namespace of its own, or one beside its kind where another object refers to it; else by
/// its name.
fn is_namespaced(documents: &[Document], kind: &str) -> bool {
    let writes = |document: &Document| document.kind() == kind && document.namespace().is_some();
    let is_written = documents.iter().any(|document| writes(document) || is_referred_to(&document.value, kind));
    let is_cluster_wide = CLUSTER_WIDE.contains(&kind)
        || kind.strip_prefix("Cluster").is_some_and(|rest| !rest.is_empty())
        || kind.strip_suffix("Class").is_some_and(|rest| !rest.is_empty());
    is_written || !is_cluster_wide
}

/// Whether a reference below names an object of this kind in a namespace.
fn is_referred_to(value: &Value, kind: &str) -> bool {
    match value {
        Value::Object(map) => {
            let is_reference = map.get("kind").and_then(Value::as_str) == Some(kind);
            let is_in_one = map.contains_key("name") && map.get("namespace").is_some_and(Value::is_string);
            (is_reference && is_in_one) || map.values().any(|inner| is_referred_to(inner, kind))
        }
        Value::Array(items) => items.iter().any(|inner| is_referred_to(inner, kind)),
        _ => false,
    }
}

impl Stub {
    /// `Certificate.cert-manager.io`, as verdicts name it.
    pub fn title(&self) -> String {
        format!("{}.{}", self.kind, self.group)
    }

    /// The name of the CRD.
    pub fn name(&self) -> String {
        format!("{}.{}", self.plural(), self.group)
    }

    /// Kubernetes' own rule of thumb.
    fn plural(&self) -> String {
        let kind = self.kind.to_lowercase();
        let before_last = kind.chars().rev().nth(1);
        match kind.chars().last() {
            Some('y') if !before_last.is_some_and(|letter| "aeiou".contains(letter)) => {
                format!("{}ies", &kind[..kind.len() - 1])
            }
            Some('s' | 'x' | 'z') => format!("{kind}es"),
            Some('h') if matches!(before_last, Some('c' | 's')) => format!("{kind}es"),
            _ => format!("{kind}s"),
        }
    }

    /// The CRD: it takes whatever it is given. The first version is the stored one.
    pub fn crd(&self) -> Value {
        let schema = json!({ "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } });
        let version = |(index, name): (usize, &String)| {
            json!({
                "name": name, "served": true, "storage": index == 0,
                "schema": schema, "subresources": { "status": {} },
            })
        };
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {
                "name": self.name(),
                // Without it the API server takes no CRD below k8s.io.
                "annotations": { "api-approved.kubernetes.io": "unapproved, a stub of Seatrial" },
            },
            "spec": {
                "group": self.group,
                "scope": if self.is_namespaced { "Namespaced" } else { "Cluster" },
                "names": { "kind": self.kind, "plural": self.plural(), "singular": self.kind.to_lowercase() },
                "versions": self.versions.iter().enumerate().map(version).collect::<Vec<_>>(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::chart;

    const HEAD: &str = "apiVersion: seatrial.dev/v1\nkind: Contract\nchart: .\n";

    fn found(render: &str) -> Vec<String> {
        let plan = chart(render, HEAD);
        let scope = |stub: &Stub| if stub.is_namespaced { "" } else { " cluster-wide" };
        let line = |stub: &Stub| {
            let versions: Vec<&str> = stub.versions.iter().map(String::as_str).collect();
            format!("{} {}{}", stub.name(), versions.join(","), scope(stub))
        };
        stubs(&plan, &plan.environments[0]).iter().map(line).collect()
    }

    fn object(api_version: &str, kind: &str, more: &str) -> String {
        format!("---\napiVersion: {api_version}\nkind: {kind}\nmetadata: {{ name: x{more} }}\n")
    }

    #[test]
    fn custom_resources_without_a_crd_are_stubbed_once() {
        let one = object("cert-manager.io/v1", "Certificate", "");
        let other = object("cert-manager.io/v1beta1", "Certificate", "");
        assert_eq!(found(&format!("{one}{other}")), ["certificates.cert-manager.io v1,v1beta1"]);
    }

    #[test]
    fn groups_of_the_api_server_have_no_stub() {
        let builtin = [
            object("v1", "Sevice", ""),
            object("app/v1", "Deployment", ""),
            object("networking.k8s.io/v1", "Ingres", ""),
            object("rbac.authorisation.k8s.io/v1", "Role", ""),
        ];
        assert_eq!(found(&builtin.concat()), [] as [&str; 0]);
        let gateway = object("gateway.networking.k8s.io/v1", "HTTPRoute", "");
        assert_eq!(found(&gateway), ["httproutes.gateway.networking.k8s.io v1"]);
        assert!(is_stubbable("cluster.x-k8s.io") && !is_stubbable("apps"));
    }

    #[test]
    fn what_the_chart_defines_has_no_stub_and_neither_has_a_mistyped_kind_beside_it() {
        let crd = "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: w }\nspec: { group: \
                   example.com, names: { kind: Widget } }\n";
        let custom = [object("example.com/v1", "Widget", ""), object("example.com/v1", "Wigdet", "")].concat();
        assert_eq!(found(&format!("{crd}{custom}")), [] as [&str; 0]);
        let mut plan = chart(&custom, HEAD);
        plan.templates.insert("crds/w.yaml".into(), format!("# of ours\n{crd}"));
        assert_eq!(crds_of_chart(&plan).len(), 1);
        assert!(stubs(&plan, &plan.environments[0]).is_empty());
    }

    #[test]
    fn the_scope_is_told_by_namespaces_and_names() {
        let check = |kind: &str, more: &str, expected: &str| {
            assert_eq!(found(&object("example.com/v1", kind, more)), [expected]);
        };
        check("ClusterIssuer", "", "clusterissuers.example.com v1 cluster-wide");
        check("ClusterIssuer", ", namespace: n", "clusterissuers.example.com v1");
        check("Cluster", "", "clusters.example.com v1");
        check("NodeClass", "", "nodeclasses.example.com v1 cluster-wide");
        check("NetworkPolicy", "", "networkpolicies.example.com v1");
        check("Gateway", "", "gateways.example.com v1");
        let reference = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: {}\nref: { kind: NodeClass, name: x, \
                         namespace: n }\n";
        let both = format!("{}{reference}", object("example.com/v1", "NodeClass", ""));
        assert_eq!(found(&both), ["nodeclasses.example.com v1"]);
    }

    #[test]
    fn a_stub_takes_whatever_it_is_given() {
        let plan = chart(&object("example.com/v1", "Widget", ""), HEAD);
        let crd = stubs(&plan, &plan.environments[0])[0].crd();
        let version = &crd["spec"]["versions"][0];
        assert_eq!(crd["metadata"]["name"], "widgets.example.com");
        assert_eq!(version["schema"]["openAPIV3Schema"]["x-kubernetes-preserve-unknown-fields"], true);
        assert!(version["storage"] == true && version["subresources"]["status"].is_object());
    }
}
