//! `version-labels`: what can't be changed after the first install holds no label that changes with each version.

use super::{Facts, Finding, Inspected};
use crate::graph::{Document, below, path};
use serde_json::Value;

/// Labels of the chart's or the program's version.
const VERSIONS: [&str; 2] = ["helm.sh/chart", "app.kubernetes.io/version"];

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("selectors");
    for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
        for workload in facts.graph.of_kind(kind) {
            inspected.subject(versions(facts, workload, &["spec", "selector", "matchLabels"], "selector"));
        }
    }
    for set in facts.graph.of_kind("StatefulSet") {
        let claims = set.value.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array).map_or(0, Vec::len);
        for i in 0..claims {
            let at = ["spec", "volumeClaimTemplates", &i.to_string(), "metadata", "labels"];
            inspected.subject(versions(facts, set, &at, "claim template"));
        }
    }
    inspected
}

fn versions(facts: &Facts<'_>, document: &Document, at: &[&str], what: &str) -> Vec<Finding> {
    let at = below(&path([]), at);
    let labels = at.iter().try_fold(&document.value, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    });
    let labels = labels.and_then(Value::as_object).into_iter().flatten();
    let of_version = labels.filter(|(key, value)| is_version(facts, key, value));
    let finding = |(key, value): (&String, &Value)| {
        let message = format!(
            "{} {what}: expected labels that stay, seen {key}={}, which changes with the version: the next upgrade is refused",
            document.target(),
            value.as_str().unwrap_or(""),
        );
        Finding::at(document, &below(&at, &[key]), message)
    };
    of_version.map(finding).collect()
}

/// By its name, or because it holds `<chart>-1.2.3`.
fn is_version(facts: &Facts<'_>, key: &str, value: &Value) -> bool {
    let chart = format!("{}-", facts.chart.chart);
    let rest = value.as_str().and_then(|value| value.strip_prefix(chart.as_str()));
    let is_dotted = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.matches('.').count() >= 2;
    VERSIONS.contains(&key) || rest.is_some_and(is_dotted)
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_shop as check;

    #[test]
    fn a_version_among_the_labels_of_a_selector() {
        for label in ["helm.sh/chart: registry-1.0.0", "app.kubernetes.io/version: \"2.1\"", "chart: registry-1.0.0"] {
            let (key, value) = label.split_once(": ").expect("a label");
            let value = value.trim_matches('"');
            let labels = format!("    app: shop\n        {label}\n");
            let selector = format!("  selector:\n    matchLabels:\n      app: shop\n      {label}\n");
            let edited = crate::fixture::SHOP
                .replace("    app: shop\n    spec", &format!("{labels}    spec"))
                .replace("  selector:\n    matchLabels:\n      app: shop\n", &selector);
            let expected = format!(
                "version-labels: deploy/shop selector: expected labels that stay, seen {key}={value}, which changes with \
                 the version: the next upgrade is refused\n  charts/registry/templates/deployment.yaml rendered line 27"
            );
            assert_eq!(crate::fixture::findings(&edited), expected);
        }
    }

    #[test]
    fn a_version_in_a_claim_template() {
        let set = |label: &str| {
            format!(
                "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{ name: db }}\nspec:\n  selector: {{ matchLabels: {{ app: db }} }}\n  \
                 template:\n    metadata: {{ labels: {{ app: db, helm.sh/chart: registry-1.0.0 }} }}\n    spec: {{ containers: [{{ name: db, image: db:1 }}] }}\n  \
                 volumeClaimTemplates:\n    - metadata: {{ name: data, labels: {{ {label} }} }}\n      \
                 spec: {{ accessModes: [ReadWriteOnce], resources: {{ requests: {{ storage: 1Gi }} }} }}\n"
            )
        };
        check("# more", &set("app: db"), "");
        check(
            "# more",
            &set("helm.sh/chart: registry-1.0.0"),
            "version-labels: sts/db claim template: expected labels that stay, seen helm.sh/chart=registry-1.0.0, which \
             changes with the version: the next upgrade is refused\n  charts/registry/templates/config.yaml rendered line 65",
        );
    }
}
