//! `duplicates`: no two objects of the release are the same one.

use super::{Facts, Finding, Inspected};
use crate::graph::{Document, path};
use std::collections::HashMap;

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("objects");
    let mut first: HashMap<(&str, &str, &str, &str), Vec<&Document>> = HashMap::new();
    for document in facts.graph.documents.iter().filter(|d| !d.name().is_empty()) {
        let key = (document.group(), document.kind(), facts.namespace_of(document), document.name());
        let same = first.entry(key).or_default();
        inspected
            .subject(same.iter().find(|other| are_made_together(other, document)).map(|other| twice(other, document)));
        same.push(document);
    }
    inspected
}

/// Hooks of other events than the release itself come and go by themselves.
fn are_made_together(one: &Document, other: &Document) -> bool {
    match (one.is_hook(), other.is_hook()) {
        (false, false) => true,
        (true, true) => one.hooks().any(|event| other.hooks().any(|e| e == event)),
        _ => false,
    }
}

fn twice(first: &Document, document: &Document) -> Finding {
    let source = first.source.as_deref().unwrap_or("the same file");
    let target = document.target();
    let message = format!("{target}: expected once in the render, seen again; the first is in {source}");
    Finding::at(document, &path(["metadata", "name"]), message)
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_shop as check;

    #[test]
    fn the_same_object_twice() {
        let again = "---\n# Source: shop/templates/more.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: shop-config }\n";
        check(
            "# more",
            again,
            "duplicates: cm/shop-config: expected once in the render, seen again; the first is in templates/config.yaml\n  \
             charts/registry/templates/more.yaml rendered line 59",
        );
        check("# more", &again.replace("name: shop-config", "name: shop-config, namespace: other"), "");
        check("# more", &again.replace("name: shop-config", "name: other"), "");
    }

    #[test]
    fn hooks_of_different_events() {
        let hook = |event: &str| {
            format!(
                "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: a, annotations: {{ helm.sh/hook: \"{event}\" }} }}\n"
            )
        };
        check("# more", &format!("{}{}", hook("pre-install"), hook("pre-upgrade")), "");
        check(
            "# more",
            &format!("{}{}", hook("pre-install"), hook("pre-upgrade,pre-install")),
            "duplicates: cm/a: expected once in the render, seen again; the first is in templates/config.yaml\n  \
             charts/registry/templates/config.yaml rendered line 62",
        );
    }
}
