//! One document of a render: the object, the template it came from, and the line it stands on.

use super::pod::NOTHING;
use crate::yaml::{self, YamlError};
use serde_json::{Map, Value};
use std::ops::Range;
use std::sync::Arc;

/// More objects than this are no release: what follows is not read, and the last document says so.
const MOST_DOCUMENTS: usize = 50_000;

/// A way into an object, key by key; list items by their number.
pub(crate) type Path = Vec<String>;

/// A path from its steps.
pub(crate) fn path<const N: usize>(steps: [&str; N]) -> Path {
    steps.iter().map(|s| (*s).to_owned()).collect()
}

/// A path below another one.
pub(crate) fn below(at: &[String], steps: &[&str]) -> Path {
    at.iter().cloned().chain(steps.iter().map(|s| (*s).to_owned())).collect()
}

/// One rendered object.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// Its place among the documents of the render.
    pub(crate) number: usize,
    /// The template relative to the chart, as the `# Source:` comment says.
    pub(crate) source: Option<Arc<str>>,
    /// The line of the render that the text starts on, counted from 1.
    pub(crate) first_line: usize,
    render: Arc<str>,
    span: Range<usize>,
    /// The object; null where the text is no YAML.
    pub(crate) value: Value,
    /// Why the text is no YAML.
    pub(crate) error: Option<String>,
}

impl Document {
    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.render[self.span.clone()]
    }

    /// Its kind, or nothing.
    pub(crate) fn kind(&self) -> &str {
        self.text_at("/kind")
    }

    /// Its API version, or nothing.
    pub(crate) fn api_version(&self) -> &str {
        self.text_at("/apiVersion")
    }

    /// The group of its API version: nothing for `v1`.
    pub(crate) fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// Its name, or nothing.
    pub(crate) fn name(&self) -> &str {
        self.text_at("/metadata/name")
    }

    /// The namespace that it writes.
    pub(crate) fn namespace(&self) -> Option<&str> {
        Some(self.text_at("/metadata/namespace")).filter(|namespace| !namespace.is_empty())
    }

    /// Its own labels.
    pub(crate) fn labels(&self) -> &Map<String, Value> {
        self.value.pointer("/metadata/labels").and_then(Value::as_object).unwrap_or(&NOTHING)
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

    /// The events it is a hook of.
    pub(crate) fn hooks(&self) -> impl Iterator<Item = &str> {
        self.annotation("helm.sh/hook").unwrap_or("").split(',').map(str::trim).filter(|event| !event.is_empty())
    }

    /// Whether its kind is none of Kubernetes itself.
    pub(crate) fn is_custom(&self) -> bool {
        let group = self.group();
        group.contains('.') && !group.ends_with(".k8s.io")
    }

    fn text_at(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
    }
}

/// Splits a render into documents; a List is taken apart, an empty document dropped.
pub(super) fn split(render: &Arc<str>) -> Vec<Document> {
    let mut found = Vec::new();
    let mut chunk = Chunk { render, first_line: 1, span: 0..0, source: None };
    let mut at = 0;
    for (index, line) in render.split_inclusive('\n').enumerate() {
        let start = at;
        at += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        if line == "---" || line.starts_with("--- ") {
            let source = chunk.source.clone();
            found.extend(chunk.documents());
            chunk = Chunk { render, first_line: index + 2, span: at..at, source };
            if found.len() > MOST_DOCUMENTS {
                found.push(chunk.refused(format!("more than {MOST_DOCUMENTS} objects")));
                return numbered(found);
            }
            continue;
        }
        if let Some(source) = line.strip_prefix("# Source: ") {
            chunk.source = chunk
                .source
                .filter(|known| **known == *below_chart(source))
                .or_else(|| Some(below_chart(source).into()));
        }
        debug_assert_eq!(chunk.span.end, start);
        chunk.span.end = at;
    }
    found.extend(chunk.documents());
    numbered(found)
}

fn numbered(mut documents: Vec<Document>) -> Vec<Document> {
    documents.iter_mut().enumerate().for_each(|(number, document)| document.number = number);
    documents
}

/// `registry/templates/x.yaml` → `templates/x.yaml`: the first part is the chart's name.
fn below_chart(source: &str) -> &str {
    let source = source.trim();
    source.split_once('/').map_or(source, |(_, rest)| rest)
}

struct Chunk<'r> {
    render: &'r Arc<str>,
    first_line: usize,
    span: Range<usize>,
    source: Option<Arc<str>>,
}

impl Chunk<'_> {
    fn documents(self) -> Vec<Document> {
        match yaml::json(&self.render[self.span.clone()]) {
            Ok(Value::Null) => Vec::new(),
            Ok(Value::Object(list)) if is_list(&list) => items(&list).map(|item| self.document(item, None)).collect(),
            Ok(value) => vec![self.document(value, None)],
            Err(error) => vec![self.document(Value::Null, Some(located(&error, self.first_line)))],
        }
    }

    fn document(&self, value: Value, error: Option<String>) -> Document {
        Document {
            number: 0,
            source: self.source.clone(),
            first_line: self.first_line,
            render: Arc::clone(self.render),
            span: self.span.clone(),
            value,
            error,
        }
    }

    /// A document that is not read at all.
    fn refused(&self, why: String) -> Document {
        self.document(Value::Null, Some(why))
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
