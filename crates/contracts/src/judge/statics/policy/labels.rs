//! `policy-labels`: every object has the labels that Helm recommends, so that tools find what belongs together.

use super::super::{Facts, Finding, Inspected};
use crate::graph::{Document, path};

const STANDARD: [&str; 4] =
    ["helm.sh/chart", "app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/managed-by"];

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("objects");
    // What a subchart renders is not for this chart to label.
    let own = facts.graph.documents.iter().filter(|d| !d.is_hook() && !is_of_subchart(d));
    for document in own.filter(|document| document.kind() != "CustomResourceDefinition") {
        let labels = &document.value["metadata"]["labels"];
        let missing: Vec<&str> = STANDARD.into_iter().filter(|label| labels[*label].is_null()).collect();
        let message = format!("{}: expected label {}, seen none", document.target(), missing.join(", "));
        let at = if labels.is_null() { path(["metadata"]) } else { path(["metadata", "labels"]) };
        inspected.subject((!missing.is_empty()).then(|| Finding::at(document, &at, message)));
    }
    inspected
}

fn is_of_subchart(document: &Document) -> bool {
    document.source.as_deref().is_some_and(|source| source.starts_with("charts/"))
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_house as check;

    #[test]
    fn an_object_that_nobody_finds() {
        check(
            "helm.sh/chart: shop-1.0.0, app.kubernetes.io/name: shop, ",
            "",
            "policy-labels: deploy/shop: expected label helm.sh/chart, app.kubernetes.io/name, seen none\n  \
             charts/registry/templates/deployment.yaml rendered line 7",
        );
    }
}
