//! Trees to YAML as charts are written, one key a line, so that the line of each path is known without any parser.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The text of a document, and the line of each path in it, counted from 1.
#[derive(Debug, Default)]
pub(crate) struct Emitted {
    pub(crate) text: String,
    /// How many lines it has so far.
    ended: usize,
    lines: BTreeMap<Vec<String>, usize>,
}

impl Emitted {
    pub(crate) fn of(value: &Value) -> Self {
        let mut emitted = Self::default();
        match value {
            Value::Object(map) => emitted.map(map, &mut Vec::new(), 0),
            other => emitted.put(&format!("{}\n", scalar(other))),
        }
        emitted
    }

    /// A text that is no tree.
    pub(crate) fn of_text(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// The line of a path, or of what is nearest around it.
    pub(crate) fn line(&self, path: &[String]) -> usize {
        let parents = (0..=path.len()).rev().map(|n| &path[..n]);
        parents.into_iter().find_map(|path| self.lines.get(path).copied()).unwrap_or(1)
    }

    fn map(&mut self, map: &Map<String, Value>, path: &mut Vec<String>, indent: usize) {
        for (key, value) in map {
            path.push(key.clone());
            self.lines.insert(path.clone(), self.next_line());
            let is_inline = self.text.ends_with("- ");
            let margin = if is_inline { String::new() } else { " ".repeat(indent) };
            self.put(&format!("{margin}{}:", word(key)));
            self.value(value, path, indent);
            path.pop();
        }
    }

    fn value(&mut self, value: &Value, path: &mut Vec<String>, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.put("\n");
                self.map(map, path, indent + 2);
            }
            Value::Array(items) if !items.is_empty() => {
                self.put("\n");
                self.list(items, path, indent + 2);
            }
            Value::String(text) if text.ends_with('\n') && !text.starts_with([' ', '\n']) => {
                self.put(" |\n");
                for line in text.lines() {
                    self.put(&format!("{}{line}\n", " ".repeat(indent + 2)));
                }
            }
            other => self.put(&format!(" {}\n", scalar(other))),
        }
    }

    fn list(&mut self, items: &[Value], path: &mut Vec<String>, indent: usize) {
        for (i, item) in items.iter().enumerate() {
            path.push(i.to_string());
            self.lines.insert(path.clone(), self.next_line());
            self.put(&format!("{}- ", " ".repeat(indent)));
            match item {
                Value::Object(map) if !map.is_empty() => self.map(map, path, indent + 2),
                other => self.put(&format!("{}\n", scalar(other))),
            }
            path.pop();
        }
    }

    fn put(&mut self, text: &str) {
        self.ended += breaks(text);
        self.text.push_str(text);
    }

    fn next_line(&self) -> usize {
        self.ended + 1
    }
}

/// How many lines end in a text.
pub(crate) fn breaks(text: &str) -> usize {
    text.as_bytes().split(|byte| *byte == b'\n').count() - 1
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => word(text),
        other => other.to_string(),
    }
}

/// Plain where that is safe, else in quotes.
fn word(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '<');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/:<>".contains(c);
    let is_safe = starts && text.chars().all(is_plain) && !text.ends_with(':');
    if is_safe && !WORDS.contains(&text.to_lowercase().as_str()) {
        return text.to_owned();
    }
    serde_json::to_string(text).expect("a text is JSON")
}
