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
    assert_eq!(Graph::read(set).templated_claims(), ["data-db-0", "data-db-1"]);
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

#[test]
fn pods_are_found_by_their_labels() {
    let graph = Graph::read(RENDER);
    let selector = |value: serde_json::Value| value.as_object().cloned().expect("labels");
    assert_eq!(graph.selected(&selector(serde_json::json!({ "app": "registry" }))).len(), 1);
    assert_eq!(graph.selected(&selector(serde_json::json!({ "app": "registry", "tier": "a" }))).len(), 0);
    assert_eq!(graph.selected(&selector(serde_json::json!({}))).len(), 1);
}
