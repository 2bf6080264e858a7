//! `images`: every image that the chart can start has a name that a container runtime understands: those of containers,
//! and those that are handed on in variables, arguments and custom resources. Whether it is there is seen live. An image
//! that is loaded beside every registry is never pulled: `latest` would be.

use super::{Facts, Finding, Inspected};
use crate::graph::{Container, Document, Path, PodTemplate, below};
use crate::model::Rendered;
use serde_json::Value;

/// Images of these names are built here and loaded into the node; no registry has them.
const SIDE_LOADED: &str = "seatrial/";

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("images");
    for pod in facts.graph.pod_templates() {
        for container in pod.containers() {
            inspected.subject(bad_name(&pod, &container).or_else(|| pulled(&pod, &container)));
        }
    }
    for document in &facts.graph.documents {
        for (at, image) in handed_on(document) {
            let problem = problem(image).map(|problem| {
                let message =
                    format!("image in {}: expected a reference, seen `{image}` ({problem})", document.target());
                Finding::at(document, &at, message)
            });
            inspected.subject(problem);
        }
    }
    inspected.findings.extend(super::stand_in::finding(facts));
    inspected
}

/// Every image that a render can start.
pub fn images(rendered: &Rendered) -> Vec<String> {
    let graph = rendered.graph();
    let containers = graph.pod_templates().flat_map(|pod| {
        pod.containers().iter().filter_map(|c| Some(c.value["image"].as_str()?.to_owned())).collect::<Vec<_>>()
    });
    let handed = graph.documents.iter().flat_map(handed_on).map(|(_, image)| image.to_owned());
    let all: std::collections::BTreeSet<String> = containers.chain(handed).filter(|image| !image.is_empty()).collect();
    all.into_iter().collect()
}

/// Images that a program or an operator starts: `*_IMAGE` variables, `--image=` arguments, `image` fields of custom
/// resources.
fn handed_on(document: &Document) -> Vec<(Path, &str)> {
    let mut found = Vec::new();
    if let Some(pod) = PodTemplate::of(document) {
        for (at, value) in pod.containers().iter().map(|container| (container.at.clone(), container.value)) {
            found.extend(in_variables(&at, value));
            found.extend(in_arguments(&at, value));
        }
    } else if document.is_custom() {
        fields(&document.value["spec"], &below(&[], &["spec"]), &mut found);
    }
    found.retain(|(_, image)| looks_like_one(image));
    found
}

fn in_variables<'v>(at: &Path, container: &'v Value) -> Vec<(Path, &'v str)> {
    let all = container["env"].as_array().into_iter().flatten().enumerate();
    let is_image = |name: &str| name == "IMAGE" || name.ends_with("_IMAGE");
    let images = all.filter(|(_, variable)| variable["name"].as_str().is_some_and(is_image));
    images.filter_map(|(i, v)| Some((below(at, &["env", &i.to_string(), "value"]), v["value"].as_str()?))).collect()
}

fn in_arguments<'v>(at: &Path, container: &'v Value) -> Vec<(Path, &'v str)> {
    let lists = ["command", "args"].into_iter().flat_map(|list| {
        let items = container[list].as_array().into_iter().flatten().filter_map(Value::as_str).enumerate();
        items.map(move |(i, text)| (list, i, text))
    });
    let images = lists.filter_map(|(list, i, text)| {
        let (flag, image) = text.split_once('=')?;
        (flag.starts_with('-') && flag.ends_with("image")).then(|| (below(at, &[list, &i.to_string()]), image))
    });
    images.collect()
}

fn fields<'v>(value: &'v Value, at: &Path, found: &mut Vec<(Path, &'v str)>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let at = below(at, &[key]);
                match inner.as_str() {
                    Some(image) if key == "image" => found.push((at, image)),
                    _ => fields(inner, &at, found),
                }
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| fields(item, &below(at, &[&i.to_string()]), found));
        }
        _ => {}
    }
}

/// A picture's path or a mere word is none.
fn looks_like_one(text: &str) -> bool {
    let is_plain = !text.contains([' ', '$', '{']) && !text.starts_with(['/', '.']);
    let is_picture =
        [".png", ".svg", ".jpg", ".jpeg", ".gif", ".iso", ".qcow2", ".img"].iter().any(|end| text.ends_with(end));
    is_plain && !is_picture && !text.contains("://") && text.contains(':')
}

/// With the tag `latest` the kubelet asks a registry at each start, unless it is told not to.
fn pulled(pod: &PodTemplate<'_>, container: &Container<'_>) -> Option<Finding> {
    let image = container.value["image"].as_str().filter(|image| image.starts_with(SIDE_LOADED))?;
    let seen = match (container.value["imagePullPolicy"].as_str(), super::policy::moving(image)) {
        (Some("Always"), _) => "Always",
        (None, Some(_)) => "none, which is Always for `latest`",
        _ => return None,
    };
    let (workload, name) = (pod.workload.target(), container.name());
    let message = format!(
        "image of {workload} container {name}: expected imagePullPolicy IfNotPresent or Never, as `{image}` is loaded and in \
         no registry; seen {seen}"
    );
    let field = if container.value["imagePullPolicy"].is_null() { "image" } else { "imagePullPolicy" };
    Some(Finding::at(pod.workload, &container.below([field]), message))
}

fn bad_name(pod: &PodTemplate<'_>, container: &Container<'_>) -> Option<Finding> {
    let image = container.value["image"].as_str().unwrap_or("");
    let problem = problem(image)?;
    let (workload, name) = (pod.workload.target(), container.name());
    let message = format!("image of {workload} container {name}: expected a reference, seen `{image}` ({problem})");
    let at = if image.is_empty() { container.at.clone() } else { container.below(["image"]) };
    Some(Finding::at(pod.workload, &at, message))
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
    if path.chars().any(|c| !(c.is_ascii_alphanumeric() || "._-/:[]".contains(c))) {
        return Some("it has characters that a name can't have");
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

#[cfg(test)]
mod tests {
    use crate::fixture::{SHOP, check_shop as check};

    #[test]
    fn images_that_are_handed_on() {
        let env = |value: &str| format!("name: WORKER_IMAGE\n              value: \"{value}\"");
        let was = "name: PLAIN\n              value: plain";
        check(was, &env("acme/worker:1"), "");
        check(was, &env("/images/worker.png"), "");
        check(
            was,
            &env("acme/worker:"),
            "images: image in deploy/shop: expected a reference, seen `acme/worker:` (the tag is empty or has characters that a \
             tag can't have)\n  charts/registry/templates/deployment.yaml rendered line 42",
        );
        let resource = "---\n# Source: shop/templates/db.yaml\napiVersion: acme.io/v1\nkind: Database\nmetadata: { name: db }\nspec:\n  \
                        pods:\n    - image: acme/db:1\n";
        check("# more", resource, "");
        check(
            "# more",
            &resource.replace("db:1", "DB:1"),
            "images: image in database/db: expected a reference, seen `acme/DB:1` (a path is lower case letters, digits and `.`, \
             `_`, `-` between)\n  charts/registry/templates/db.yaml rendered line 62",
        );
        let render = SHOP.replace("# more", resource).replace(was, &env("acme/worker:1"));
        assert_eq!(super::images(&render.into()), ["acme/db:1", "acme/shop:1.2.3", "acme/worker:1"]);
    }

    #[test]
    fn a_loaded_image_is_not_pulled() {
        let image = |image: &str, policy: &str| format!("          image: {image}\n{policy}");
        let (was, never) = ("          image: acme/shop:1.2.3\n", "          imagePullPolicy: IfNotPresent\n");
        let told = |image: &str, seen: &str, line: usize| {
            format!(
                "images: image of deploy/shop container web: expected imagePullPolicy IfNotPresent or Never, as `{image}` is loaded \
                 and in no registry; seen {seen}\n  charts/registry/templates/deployment.yaml rendered line {line}"
            )
        };
        check(was, &image("seatrial/shop:latest", never), "");
        check(was, &image("seatrial/shop:1", ""), "");
        check(was, &image("acme/shop:latest", ""), "");
        check(
            was,
            &image("seatrial/shop:latest", ""),
            &told("seatrial/shop:latest", "none, which is Always for `latest`", 34),
        );
        check(
            was,
            &image("seatrial/shop:1", "          imagePullPolicy: Always\n"),
            &told("seatrial/shop:1", "Always", 35),
        );
    }
}
