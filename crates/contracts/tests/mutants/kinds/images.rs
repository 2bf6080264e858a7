//! Images whose names no container runtime understands.

use super::{Named, WORKLOADS};
use crate::case::{Case, moved, remove, set};
use crate::chart::{At, Chart};
use serde_json::json;

pub(super) const MUTANTS: &[Named] = &[
    ("empty-tag", |c| images(c, |image| Some(format!("{}:", image.rsplit_once(':')?.0)))),
    ("upper-case", |c| {
        images(c, |image| Some(image.replacen("example.com/", "example.com/Our/", 1)).filter(|new| new != image))
    }),
    ("space-in-front", |c| images(c, |image| Some(format!(" {image}")))),
    ("short-digest", |c| images(c, |image| Some(format!("{}@sha256:0f1e2d", image.split('@').next()?)))),
    ("digest-of-no-kind", |c| images(c, |image| Some(format!("{}@0f1e2d3c", image.split('@').next()?)))),
    ("no-value", |c| images(c, |image| Some(format!("{}:<no value>", image.rsplit_once(':')?.0)))),
    ("two-tags", |c| images(c, |image| (!image.contains('@')).then(|| format!("{image}:latest")))),
    ("nothing-before-the-tag", |c| images(c, |_| Some(":1.0".to_owned()))),
    ("scheme-in-front", |c| images(c, |image| Some(format!("https://{image}")))),
    ("empty", |c| {
        // The container is shown.
        moved(images(c, |_| Some(String::new())), At::parent)
    }),
    ("left-out", |c| remove(c, WORKLOADS, "@ spec containers * image", 0)),
];

fn images(chart: &Chart, change: impl Fn(&str) -> Option<String>) -> Vec<Case> {
    let lists = ["containers", "initContainers"].map(|list| format!("@ spec {list} * image"));
    lists.iter().flat_map(|list| set(chart, WORKLOADS, list, |v| Some(json!(change(v.as_str()?)?)))).collect()
}
