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
    assert!(Graph::read("apiVersion: cert-manager.io/v1\nkind: Certificate\n").has_custom_resources());
    assert!(!Graph::read("apiVersion: networking.k8s.io/v1\nkind: Ingress\n").has_custom_resources());
}
