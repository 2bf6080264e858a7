//! Reading renders.

use super::Graph;
use crate::fixture::RENDER;

#[test]
fn documents_know_their_template_and_line() {
    let graph = Graph::read(RENDER);
    let lines: Vec<String> = graph
        .documents
        .iter()
        .map(|d| format!("{} {} {}", d.target(), d.source.as_deref().unwrap_or("-"), d.first_line))
        .collect();
    let expected = "pvc/registry-data templates/pvc.yaml 2\nsvc/registry templates/service.yaml 14\n\
                    deploy/registry templates/deployment.yaml 29";
    assert_eq!(lines.join("\n"), expected);
}

#[test]
fn lists_are_taken_apart_and_comments_are_nothing() {
    let graph =
        Graph::read("# a comment\n---\nkind: List\nitems: [{ kind: A, metadata: { name: a } }, { kind: B }]\n---\n");
    let kinds: Vec<&str> = graph.documents.iter().map(super::Document::kind).collect();
    assert_eq!(kinds, ["A", "B"]);
}

#[test]
fn claims_of_stateful_sets_have_names() {
    let set = "kind: StatefulSet\nmetadata: { name: db }\nspec: { replicas: 2, volumeClaimTemplates: [{ metadata: { name: data } }] }\n";
    let graph = Graph::read(set);
    assert_eq!(graph.templated_claims(), ["data-db-0", "data-db-1"]);
    let is_one = |name: &&str| graph.is_templated_claim(name);
    let names = ["data-db-0", "data-db-1", "data-db-2", "data-db-01", "data-db--1", "data-db", "db-0", ""];
    assert_eq!(names.iter().copied().filter(is_one).collect::<Vec<_>>(), ["data-db-0", "data-db-1"]);
    let many = Graph::read(&set.replace("replicas: 2", "replicas: 18446744073709551615"));
    assert!(many.is_templated_claim("data-db-4000000000") && many.templated_claims().len() == super::MOST_CLAIMS);
}

#[test]
fn operators_are_known_by_their_groups() {
    let may = |text: &str, kind: &str, name: &str| Graph::read(text).may_be_made(kind, name);
    let certificate = "apiVersion: cert-manager.io/v1\nkind: Certificate\nspec: { secretName: tls }\n";
    assert!(may(certificate, "Secret", "tls"));
    assert!(!may(certificate, "Secret", "other"));
    assert!(!may("apiVersion: networking.k8s.io/v1\nkind: Ingress\n", "Secret", "tls"));
    assert!(!may("apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\n", "Secret", "tls"));
    assert!(may("apiVersion: acme.io/v1\nkind: Widget\n", "Secret", "tls"));
}

/// A chart with a kind, its operator, and one resource; what the operator may do is written in.
fn operator(rights: &str) -> Graph {
    let text = format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{ name: widgets.acme.io }}
spec: {{ group: acme.io, names: {{ kind: Widget, plural: widgets }} }}
---
apiVersion: acme.io/v1
kind: Widget
metadata: {{ name: one }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: operator }}
spec: {{ template: {{ spec: {{ serviceAccountName: operator }} }} }}
---
kind: ClusterRoleBinding
metadata: {{ name: operator }}
roleRef: {{ kind: ClusterRole, name: operator }}
subjects: [{{ kind: ServiceAccount, name: operator }}]
---
kind: ClusterRole
metadata: {{ name: operator }}
rules:
  - {{ apiGroups: [acme.io], resources: [widgets], verbs: [list, watch, update] }}
{rights}"
    );
    Graph::read(&text)
}

#[test]
fn an_operator_makes_what_it_may() {
    let may = |rights: &str| {
        let graph = operator(rights);
        let kinds = ["Secret", "ConfigMap", "Service", "ServiceAccount", "PersistentVolumeClaim", "Role"];
        let mut may: Vec<&str> = kinds.into_iter().filter(|kind| graph.may_be_made(kind, "x")).collect();
        may.extend(graph.may_make_pods().then_some("Pod"));
        may.join(" ")
    };
    let of = |group: &str, resource: &str, verbs: &str| {
        may(&format!("  - {{ apiGroups: [{group}], resources: [{resource}], verbs: [{verbs}] }}\n"))
    };
    assert_eq!(may(""), "");
    assert_eq!(of("''", "secrets", "get, list, watch"), "");
    assert_eq!(of("''", "secrets, configmaps/status", "create"), "Secret");
    assert_eq!(of("apps", "statefulsets", "patch"), "PersistentVolumeClaim Pod");
    let all = "Secret ConfigMap Service ServiceAccount PersistentVolumeClaim Pod";
    assert_eq!(of("'*'", "deployments", "create"), all);
    assert_eq!(of("''", "'*'", "'*'"), all);
    // What comes of a resource whose operator is elsewhere is not known, nor what more rights bring.
    assert_eq!(of("cert-manager.io", "certificates", "create"), all);
    assert_eq!(of("acme.io", "widgets", "create"), "");
    assert_eq!(of("monitoring.coreos.com", "servicemonitors", "create"), "");
    assert_eq!(of("rbac.authorization.k8s.io", "clusterroles", "bind"), all);
}

#[test]
fn without_its_operator_a_resource_makes_anything() {
    let text = operator("").documents[0].text().to_owned();
    let widget = "---\napiVersion: acme.io/v1\nkind: Widget\nmetadata: { name: one }\n";
    assert!(Graph::read(&format!("{text}{widget}")).may_be_made("Secret", "x"));
    assert!(Graph::read(&format!("{text}{widget}")).may_make_pods());
    // Who only reads them, as a dashboard does, is no operator.
    let reads = operator("").documents.iter().map(super::Document::text).collect::<Vec<_>>().join("---\n");
    assert!(Graph::read(&reads.replace("watch, update", "get, watch")).may_make_pods());
    // Without the definition, only who writes the status is one.
    let undefined = reads.split_once("---\n").expect("a definition").1;
    assert!(Graph::read(undefined).may_make_pods());
    let writes = undefined.replace("[widgets]", "[widgets, widgets/status]");
    assert!(!Graph::read(&writes).may_make_pods() && !Graph::read(&writes).may_be_made("Secret", "x"));
    let foreign = reads.replace("kind: ClusterRole, name: operator }", "kind: ClusterRole, name: cluster-admin }");
    assert!(Graph::read(&foreign).may_make_pods());
}

#[test]
fn jobs_make_what_they_may() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: { name: certgen }\nspec: { template: { spec: { serviceAccountName: certgen } } }\n---\n\
               kind: RoleBinding\nmetadata: { name: c }\nroleRef: { kind: Role, name: c }\nsubjects: [{ kind: ServiceAccount, name: certgen }]\n\
               ---\nkind: Role\nmetadata: { name: c }\nrules: [{ apiGroups: [''], resources: [secrets], verbs: [get, create] }]\n";
    let graph = Graph::read(job);
    assert!(graph.may_be_made("Secret", "admission") && !graph.may_be_made("ConfigMap", "admission"));
}

#[test]
fn pods_are_found_by_their_labels() {
    let graph = Graph::read(RENDER);
    let selector = |value: serde_json::Value| value.as_object().cloned().expect("labels");
    assert_eq!(graph.selected(&selector(serde_json::json!({ "app": "registry" }))).len(), 1);
    assert_eq!(graph.selected(&selector(serde_json::json!({ "app": "registry", "tier": "a" }))).len(), 0);
    assert_eq!(graph.selected(&selector(serde_json::json!({}))).len(), 1);
}
