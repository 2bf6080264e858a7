//! Part of `images`: the image that stands in for the release where there is no Kubernetes is one that the chart runs.

use super::{Facts, Finding};
use std::collections::BTreeSet;

/// `cluster.docker.image` that no environment runs: Docker mode would run something else than the chart. It is told once,
/// where the first environment is judged.
pub(super) fn finding(facts: &Facts<'_>) -> Option<Finding> {
    let chart = facts.chart;
    let image = &chart.cluster.as_ref()?.docker.as_ref()?.image;
    let run: BTreeSet<String> = chart.environments.iter().flat_map(|one| super::images(&one.rendered)).collect();
    let is_first = chart.environments.first().is_some_and(|first| first.name == facts.environment.name);
    if !is_first || run.is_empty() || run.iter().any(|one| same(one) == same(image)) {
        return None;
    }
    let run = run.into_iter().collect::<Vec<_>>().join(", ");
    let message = format!("cluster.docker.image: expected an image that the chart runs ({run}), seen {image}");
    Some(Finding::nowhere(message))
}

/// A reference with what an engine adds where it is left out.
fn same(image: &str) -> String {
    let short = image.strip_prefix("docker.io/").unwrap_or(image);
    let short = short.strip_prefix("library/").unwrap_or(short);
    let last = short.rsplit('/').next().unwrap_or(short);
    if last.contains([':', '@']) { short.to_owned() } else { format!("{short}:latest") }
}
