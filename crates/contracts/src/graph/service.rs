//! Services: their ports, and which pods a selector matches.

use super::{Document, Path, path};
use serde_json::{Map, Value};

/// One port of a Service.
#[derive(Clone, Debug)]
pub(crate) struct ServicePort<'a> {
    /// Where it is in the Service.
    pub(crate) at: Path,
    /// The port.
    pub(crate) value: &'a Value,
}

impl<'a> ServicePort<'a> {
    /// The ports of a Service.
    pub(crate) fn all(service: &'a Document) -> Vec<Self> {
        let ports = service.value.pointer("/spec/ports").and_then(Value::as_array).into_iter().flatten();
        ports.enumerate().map(|(i, value)| Self { at: path(["spec", "ports", &i.to_string()]), value }).collect()
    }

    /// Its name.
    pub(crate) fn name(&self) -> Option<&'a str> {
        self.value["name"].as_str()
    }

    /// Its number.
    pub(crate) fn number(&self) -> Option<u16> {
        self.value["port"].as_u64().and_then(|n| u16::try_from(n).ok())
    }

    /// The port on every node, where one is written.
    pub(crate) fn node_port(&self) -> Option<u64> {
        self.value["nodePort"].as_u64().filter(|n| *n != 0)
    }

    /// `TCP`, `UDP` or `SCTP`.
    pub(crate) fn protocol(&self) -> &'a str {
        self.value["protocol"].as_str().unwrap_or("TCP")
    }

    /// The port of the pods, by name or number; the Service's own number where none is written.
    pub(crate) fn target(&self) -> &'a Value {
        match &self.value["targetPort"] {
            Value::Null => &self.value["port"],
            written => written,
        }
    }

    /// A path below the port, seen from the Service.
    pub(crate) fn below(&self, step: &str) -> Path {
        self.at.iter().cloned().chain([step.to_owned()]).collect()
    }
}

/// Whether each label of a plain selector is among the labels.
pub(crate) fn selects(selector: &Map<String, Value>, labels: &Map<String, Value>) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// Whether a selector with `matchLabels` and `matchExpressions` matches.
pub(crate) fn selects_by(selector: &Value, labels: &Map<String, Value>) -> bool {
    let plain = selector.get("matchLabels").and_then(Value::as_object).is_none_or(|m| selects(m, labels));
    let expressions = selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten();
    plain && expressions.into_iter().all(|e| holds(e, labels))
}

fn holds(expression: &Value, labels: &Map<String, Value>) -> bool {
    let label = labels.get(expression["key"].as_str().unwrap_or(""));
    let is_listed = || expression["values"].as_array().is_some_and(|all| label.is_some_and(|l| all.contains(l)));
    match expression["operator"].as_str() {
        Some("In") => is_listed(),
        Some("NotIn") => !is_listed(),
        Some("Exists") => label.is_some(),
        Some("DoesNotExist") => label.is_none(),
        _ => false,
    }
}

/// Labels for people: `app=registry,tier=front`.
pub(crate) fn labels_text(labels: &Map<String, Value>) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    labels.iter().map(|(key, value)| format!("{key}={}", text(value))).collect::<Vec<_>>().join(",")
}
