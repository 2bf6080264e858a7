//! Labels of a version where nothing may change.

use super::Named;
use crate::case::{Case, add, moved, sites, with};
use crate::chart::{At, Chart};
use serde_json::json;

pub(super) const MUTANTS: &[Named] = &[
    ("chart-in-a-selector", |c| everywhere(c, "helm.sh/chart", "<chart>-1.0.0")),
    ("program's-version-in-a-selector", |c| everywhere(c, "app.kubernetes.io/version", "1.4.2")),
    ("chart-in-a-claim-template", |c| of_claims(c, "helm.sh/chart", "<chart>-1.0.0")),
    ("version-in-a-claim-template", |c| of_claims(c, "app.kubernetes.io/version", "1.4.2")),
];

/// The label in selector and pods, so that both agree.
fn everywhere(chart: &Chart, key: &str, value: &str) -> Vec<Case> {
    let selectors = sites(chart, "Deployment|StatefulSet|DaemonSet", "spec selector matchLabels").into_iter();
    let case = |selector: At| {
        let pods = sites(chart, "*", "@ metadata labels").into_iter().find(|at| at.0 == selector.0)?;
        let labelled = with(chart, &pods.below(key), json!(value));
        let at = selector.below(key);
        Some(Case::at(with(&labelled, &at, json!(value)), vec![at]))
    };
    selectors.filter_map(case).collect()
}

fn of_claims(chart: &Chart, key: &str, value: &str) -> Vec<Case> {
    let labels = add(chart, "StatefulSet", "spec volumeClaimTemplates * metadata", "labels", &json!({ key: value }));
    moved(labels, |at| at.below(key))
}
