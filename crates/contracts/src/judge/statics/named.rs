//! `named[TARGET]`: what clauses name is in the render.

use super::{Facts, Finding, Inspected};
use crate::graph::Document;
use crate::model::{Kind, Name, Target};

pub(super) fn inspect(facts: &Facts<'_>, target: &Target) -> Inspected {
    let mut inspected = Inspected::new("objects");
    inspected.subject(missing(facts, target));
    inspected
}

fn missing(facts: &Facts<'_>, target: &Target) -> Option<Finding> {
    if let Target::Host { port, .. } = target {
        let message =
            format!("host:{port}: expected `cluster.publish` or a nodePort to say what is behind it, seen neither");
        return Some(Finding::nowhere(message));
    }
    let named = facts.graph.named(target);
    let is_only = matches!(target, Target::Service { name: Name::Only, .. } | Target::Object { name: Name::Only, .. });
    match named.len() {
        0 if is_templated_claim(facts, target) => None,
        0 => Some(nothing_named(facts, target)),
        2.. if is_only => {
            let all = names(&named);
            let message = format!("{target}: expected the only one of its kind, seen {all}");
            Some(Finding::nowhere(message))
        }
        _ => None,
    }
}

fn nothing_named(facts: &Facts<'_>, target: &Target) -> Finding {
    let kind = kind(target);
    let same: Vec<&Document> = facts.graph.of_kind(kind).collect();
    let seen = if same.is_empty() { format!("no {kind} at all") } else { format!("only {}", names(&same)) };
    let message = format!("{target}: expected in the render, seen {seen}");
    match same[..] {
        [only] => Finding::at(only, &crate::graph::path(["metadata", "name"]), message),
        _ => Finding::nowhere(message),
    }
}

fn kind(target: &Target) -> &str {
    match target {
        Target::Object { kind: Kind::Named(kind), .. } | Target::Pod { kind, .. } => kind,
        Target::Service { .. } => "Service",
        Target::Ingress { .. } => "Ingress",
        Target::Object { .. } | Target::Host { .. } => "object",
    }
}

fn names(documents: &[&Document]) -> String {
    documents.iter().map(|d| d.target()).collect::<Vec<_>>().join(", ")
}

fn is_templated_claim(facts: &Facts<'_>, target: &Target) -> bool {
    match target {
        Target::Object { kind: Kind::Named(kind), name: Name::Is(name) } if kind == "PersistentVolumeClaim" => {
            facts.graph.is_templated_claim(name)
        }
        _ => false,
    }
}
