//! One document of a render: the object, the template it came from, and the line it stands on.

use crate::yaml::{self, YamlError};
use serde_json::Value;
use std::fmt::Write as _;

/// More objects than this are no release: what follows is not read, and the last document says so.
const MOST_DOCUMENTS: usize = 50_000;

/// A way into an object, key by key; list items by their number.
pub(crate) type Path = Vec<String>;

/// A path from its steps.
pub(crate) fn path<const N: usize>(steps: [&str; N]) -> Path {
    steps.iter().map(|s| (*s).to_owned()).collect()
}

/// One rendered object.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The template relative to the chart, as the `# Source:` comment says.
    pub(crate) source: Option<String>,
    /// The line of the render that the text starts on, counted from 1.
    pub(crate) first_line: usize,
    /// The text.
    pub(crate) text: String,
    /// The object; null where the text is no YAML.
    pub(crate) value: Value,
    /// Why the text is no YAML.
    pub(crate) error: Option<String>,
}

impl Document {
    /// Its kind, or nothing.
    pub(crate) fn kind(&self) -> &str {
        self.text_at("/kind")
    }

    /// Its API version, or nothing.
    pub(crate) fn api_version(&self) -> &str {
        self.text_at("/apiVersion")
    }

    /// Its name, or nothing.
    pub(crate) fn name(&self) -> &str {
        self.text_at("/metadata/name")
    }

    /// As targets are written: `svc/registry`.
    pub(crate) fn target(&self) -> String {
        format!("{}/{}", crate::model::Kind::short(self.kind()), self.name())
    }

    /// An annotation.
    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.value.get("metadata")?.get("annotations")?.get(key)?.as_str()
    }

    /// Whether Helm keeps it at an uninstall.
    pub(crate) fn is_kept(&self) -> bool {
        self.annotation("helm.sh/resource-policy") == Some("keep")
    }

    /// Whether `helm install` doesn't make it: a test, or a hook of another event.
    pub(crate) fn is_hook(&self) -> bool {
        self.annotation("helm.sh/hook").is_some()
    }

    /// Whether its kind is none of Kubernetes itself.
    pub(crate) fn is_custom(&self) -> bool {
        let group = self.api_version().split_once('/').map_or("", |(group, _)| group);
        group.contains('.') && !group.ends_with(".k8s.io")
    }

    fn text_at(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
    }
}

/// Splits a render into documents; a List is taken apart, an empty document dropped.
pub(super) fn split(rendered: &str) -> Vec<Document> {
    let mut found = Vec::new();
    let mut chunk = Chunk { first_line: 1, text: String::new(), source: None };
    for (index, line) in rendered.lines().enumerate() {
        if line == "---" || line.starts_with("--- ") {
            let source = chunk.source.clone();
            found.extend(chunk.documents());
            chunk = Chunk { first_line: index + 2, text: String::new(), source };
            if found.len() > MOST_DOCUMENTS {
                found.push(chunk.refused(format!("more than {MOST_DOCUMENTS} objects")));
                return found;
            }
            continue;
        }
        if let Some(source) = line.strip_prefix("# Source: ") {
            chunk.source = Some(below_chart(source.trim()));
        }
        let _ = writeln!(chunk.text, "{line}");
    }
    found.extend(chunk.documents());
    found
}

/// `registry/templates/x.yaml` → `templates/x.yaml`: the first part is the chart's name.
fn below_chart(source: &str) -> String {
    source.split_once('/').map_or(source, |(_, rest)| rest).to_owned()
}

struct Chunk {
    first_line: usize,
    text: String,
    source: Option<String>,
}

impl Chunk {
    fn documents(self) -> Vec<Document> {
        let make = |value, error| Document {
            source: self.source.clone(),
            first_line: self.first_line,
            text: self.text.clone(),
            value,
            error,
        };
        match yaml::json(&self.text) {
            Ok(Value::Null) => Vec::new(),
            Ok(Value::Object(list)) if is_list(&list) => items(&list).map(|item| make(item, None)).collect(),
            Ok(value) => vec![make(value, None)],
            Err(error) => vec![make(Value::Null, Some(located(&error, self.first_line)))],
        }
    }

    /// A document that is not read at all.
    fn refused(self, why: String) -> Document {
        let (source, first_line) = (self.source, self.first_line);
        Document { source, first_line, text: String::new(), value: Value::Null, error: Some(why) }
    }
}

/// The error with its line counted in the render.
fn located(error: &YamlError, first_line: usize) -> String {
    let line = error.at.map(|(line, _)| format!(" (rendered line {})", first_line + line - 1));
    format!("{}{}", error.message, line.unwrap_or_default())
}

fn is_list(object: &serde_json::Map<String, Value>) -> bool {
    object.get("kind").and_then(Value::as_str) == Some("List") && object.get("items").is_some_and(Value::is_array)
}

fn items(list: &serde_json::Map<String, Value>) -> impl Iterator<Item = Value> {
    list.get("items").and_then(Value::as_array).into_iter().flatten().cloned()
}
