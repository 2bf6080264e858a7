//! `leaves`: exactly these objects of the release are still there.

use super::Judged;
use crate::model::{Kind, Measured, Name, Target};
use seatrial_observation::Found;
use serde_json::Value;

pub(super) fn look(expected: &[Target], found: &[Found]) -> Judged {
    if found.is_empty() {
        return Judged::unseen("nobody looked for what is left");
    }
    let objects: Vec<&Value> = found.iter().flat_map(|f| &f.objects).collect();
    let extra = objects.iter().filter(|object| !expected.iter().any(|target| is_named(target, object)));
    let extra = extra.map(|object| format!("expected gone, seen left behind: {}", label(object)));
    let missing = expected.iter().filter(|target| !objects.iter().any(|object| is_named(target, object)));
    let missing = missing.map(|target| format!("expected to be left: {target}, seen gone"));
    let broken: Vec<String> = extra.chain(missing).collect();
    Judged::of(&broken).with(Measured {
        what: "objects left".to_owned(),
        value: objects.len() as f64,
        limit: Some(expected.len() as f64),
        unit: String::new(),
        n: 1,
    })
}

fn is_named(target: &Target, object: &Value) -> bool {
    let (kind, name) = match target {
        Target::Object { kind: Kind::Named(kind), name } => (kind.as_str(), name),
        Target::Service { name, .. } => ("Service", name),
        Target::Object { .. } | Target::Pod { .. } | Target::Host { .. } | Target::Ingress { .. } => return false,
    };
    let is_name = match name {
        Name::Is(name) => object.pointer("/metadata/name").and_then(Value::as_str) == Some(name),
        Name::Only | Name::All => true,
    };
    object["kind"].as_str() == Some(kind) && is_name
}

fn label(object: &Value) -> String {
    let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("?");
    format!("{}/{name}", Kind::short(object["kind"].as_str().unwrap_or("object")))
}
