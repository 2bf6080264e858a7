//! `images`: every image that the chart can start has a name that a container runtime understands. Whether it is there
//! is seen live. And the image that stands in for the release where there is no Kubernetes is one of them.

use super::{Facts, Finding, Inspected};
use crate::graph::{Container, Graph, PodTemplate};
use crate::model::{ChartPlan, Where};
use std::collections::BTreeSet;

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("images");
    for pod in facts.graph.pod_templates() {
        for container in pod.containers() {
            inspected.subject(bad_name(facts, &pod, &container));
        }
    }
    inspected.findings.extend(stand_in(facts));
    inspected
}

/// `cluster.docker.image` that no environment runs: Docker mode would run something else than the chart. It is told once,
/// where the first environment is judged.
fn stand_in(facts: &Facts<'_>) -> Option<Finding> {
    let chart = facts.chart;
    let image = &chart.cluster.as_ref()?.docker.as_ref()?.image;
    let run = images(chart);
    let is_first = chart.environments.first().is_some_and(|first| first.name == facts.environment.name);
    if !is_first || run.is_empty() || run.iter().any(|one| same(one) == same(image)) {
        return None;
    }
    let run = run.into_iter().collect::<Vec<_>>().join(", ");
    let message = format!("cluster.docker.image: expected an image that the chart runs ({run}), seen {image}");
    let file = format!("{}/contract.yaml", chart.path.trim_end_matches('/'));
    Some(Finding { message, place: Some(Where { file, line: None, note: Some("cluster.docker.image".to_owned()) }) })
}

/// Every image of every environment.
fn images(chart: &ChartPlan) -> BTreeSet<String> {
    let mut images = BTreeSet::new();
    for environment in &chart.environments {
        let graph = Graph::read(&environment.rendered);
        for pod in graph.pod_templates() {
            let named = pod
                .containers()
                .into_iter()
                .filter_map(|container| Some(container.value["image"].as_str()?.to_owned()));
            images.extend(named);
        }
    }
    images
}

/// A reference with what an engine adds where it is left out.
fn same(image: &str) -> String {
    let short = image.strip_prefix("docker.io/").unwrap_or(image);
    let short = short.strip_prefix("library/").unwrap_or(short);
    let last = short.rsplit('/').next().unwrap_or(short);
    if last.contains([':', '@']) { short.to_owned() } else { format!("{short}:latest") }
}

fn bad_name(facts: &Facts<'_>, pod: &PodTemplate<'_>, container: &Container<'_>) -> Option<Finding> {
    let image = container.value["image"].as_str().unwrap_or("");
    let problem = problem(image)?;
    let (workload, name) = (pod.workload.target(), container.name());
    let message = format!("image of {workload} container {name}: expected a reference, seen `{image}` ({problem})");
    let at = if image.is_empty() { container.at.clone() } else { container.below(["image"]) };
    Some(Finding::at(facts, pod.workload, &at, message))
}

/// What is wrong with a reference `[host[:port]/]path[:tag][@digest]`.
fn problem(image: &str) -> Option<&'static str> {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return Some("the digest is not `sha256:` and 64 hex digits");
    }
    let slash = name.rfind('/').map_or(0, |i| i + 1);
    let (path, tag) = match name[slash..].split_once(':') {
        Some((last, tag)) => (format!("{}{last}", &name[..slash]), Some(tag)),
        None => (name.to_owned(), None),
    };
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Some("the tag is empty or has characters that a tag can't have");
    }
    let repository = path.split_once('/').filter(|(host, _)| is_host(host)).map_or(path.as_str(), |(_, rest)| rest);
    (!repository.split('/').all(is_component))
        .then_some("a path is lower case letters, digits and `.`, `_`, `-` between")
}

fn is_host(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost"
}

fn is_digest(digest: &str) -> bool {
    digest.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.chars().all(|c| c.is_ascii_hexdigit()))
}

fn is_tag(tag: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128 && tag.starts_with(is_word) && tag.chars().all(|c| is_word(c) || c == '.' || c == '-')
}

fn is_component(component: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    component.starts_with(is_plain)
        && component.ends_with(is_plain)
        && component.chars().all(|c| is_plain(c) || "._-".contains(c))
}
