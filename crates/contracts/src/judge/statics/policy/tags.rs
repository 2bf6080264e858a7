//! `policy-tags`: an image is named by a tag that stays, or by its digest.

use super::super::{Facts, Finding, Inspected};

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("images");
    for pod in facts.graph.pod_templates() {
        for container in pod.containers() {
            let image = container.value["image"].as_str().unwrap_or("");
            let message = |seen| {
                let (workload, name) = (pod.workload.target(), container.name());
                format!("image of {workload} container {name}: expected a tag that stays or a digest, seen {seen}")
            };
            let finding =
                moving(image).map(|seen| Finding::at(pod.workload, &container.below(["image"]), message(seen)));
            inspected.subject(finding);
        }
    }
    inspected
}

/// What moves under a reference.
pub(in crate::judge::statics) fn moving(image: &str) -> Option<String> {
    let last = image.rsplit('/').next().unwrap_or(image);
    match last.split_once(':') {
        _ if image.is_empty() || image.contains('@') => None,
        None => Some(format!("none in `{image}`")),
        Some((_, "latest")) => Some(format!("`latest` in `{image}`")),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_house as check;

    #[test]
    fn tags_that_move() {
        let told = |seen: &str| {
            format!(
                "policy-tags: image of deploy/shop container web: expected a tag that stays or a digest, seen {seen}\n  \
                 charts/registry/templates/deployment.yaml rendered line 21"
            )
        };
        check("acme/shop:1.2.3", "acme/shop:latest", &told("`latest` in `acme/shop:latest`"));
        check("acme/shop:1.2.3", "acme/shop", &told("none in `acme/shop`"));
        check("acme/shop:1.2.3", "localhost:5000/shop", &told("none in `localhost:5000/shop`"));
        let digest = format!("acme/shop@sha256:{}", "a".repeat(64));
        check("acme/shop:1.2.3", &digest, "");
    }
}
