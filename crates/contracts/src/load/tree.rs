//! YAML text → one JSON value and the place of each of its nodes. Everything that YAML allows and JSON can't say
//! (several documents, keys that are no scalars, duplicate keys, tags of one's own) is a diagnostic here.

use crate::diagnostic::{Diagnostic, Mark, Place, Places, child};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// Nesting deeper than this is no contract.
const DEEPEST: usize = 64;

/// More nodes than this by aliases is no contract; a long text counts as many.
const MOST_ALIASED: usize = 100_000;

/// So many bytes of text are as much as one more node.
const BYTES_A_NODE: usize = 64;

/// A file as a value, and where each of its nodes is written.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) value: Value,
    pub(crate) places: Places,
    pub(crate) mistakes: Vec<Diagnostic>,
}

/// Reads one YAML document; `Err` where it is no YAML at all.
pub(crate) fn parse(file: &str, text: &str) -> Result<Tree, Diagnostic> {
    let mut reader = Reader {
        file,
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        aliased: 0,
        places: HashMap::new(),
        mistakes: Vec::new(),
    };
    let value = reader.document()?;
    Ok(Tree { value, places: Places::new(file, reader.places), mistakes: reader.mistakes })
}

struct Reader<'t> {
    file: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, Value>,
    /// Nodes that anchors and aliases brought so far.
    aliased: usize,
    places: HashMap<String, Place>,
    mistakes: Vec<Diagnostic>,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Result<Value, Diagnostic> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                other if root.is_none() => root = Some(self.node(other, span, "", None, 0)?),
                _ => {
                    let hint = Some("one file is one contract: remove the `---` and what follows".to_owned());
                    let message = "a second YAML document in the file".to_owned();
                    self.mistakes.push(self.at(mark(span), "several-documents", message, hint));
                    break;
                }
            }
        }
        Ok(root.unwrap_or(Value::Null))
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Diagnostic> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.syntax(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(
        &mut self,
        event: Event<'t>,
        span: Span,
        pointer: &str,
        key: Option<Mark>,
        depth: usize,
    ) -> Result<Value, Diagnostic> {
        let at = mark(span);
        self.places.insert(pointer.to_owned(), Place { key: key.unwrap_or(at), value: at });
        if depth > DEEPEST {
            return Err(self.at(at, "too-deep", format!("nested deeper than {DEEPEST} levels"), None));
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_ref(), span);
                self.remember(anchor, &value, at)?;
                Ok(value)
            }
            Event::SequenceStart(anchor, _) => {
                let value = self.list(pointer, depth)?;
                self.remember(anchor, &value, at)?;
                Ok(value)
            }
            Event::MappingStart(anchor, _) => {
                let value = self.map(pointer, depth)?;
                self.remember(anchor, &value, at)?;
                Ok(value)
            }
            Event::Alias(anchor) => self.alias(anchor, at),
            _ => Ok(Value::Null),
        }
    }

    fn list(&mut self, pointer: &str, depth: usize) -> Result<Value, Diagnostic> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Value::Array(items));
            }
            let at = format!("{pointer}/{}", items.len());
            items.push(self.node(event, span, &at, None, depth + 1)?);
        }
    }

    fn map(&mut self, pointer: &str, depth: usize) -> Result<Value, Diagnostic> {
        let mut entries = Map::new();
        loop {
            let (event, span) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(Value::Object(entries)),
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return Err(self.at(mark(span), "bad-key", "a key must be a plain word".to_owned(), None)),
            };
            let at = mark(span);
            let (event, span) = self.next()?;
            if entries.contains_key(&key) {
                let first = self.places.get(&child(pointer, &key)).map_or(0, |place| place.key.line);
                let message = format!("the key `{key}` is written twice; the first is in line {first}");
                self.mistakes.push(self.at(at, "duplicate-key", message, None));
                self.skip(event)?;
                continue;
            }
            let value = self.node(event, span, &child(pointer, &key), Some(at), depth + 1)?;
            entries.insert(key, value);
        }
    }

    /// Reads past a node.
    fn skip(&mut self, first: Event<'t>) -> Result<(), Diagnostic> {
        let mut depth = 0_usize;
        let mut event = first;
        loop {
            match event {
                Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
                Event::SequenceEnd | Event::MappingEnd => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
            event = self.next()?.0;
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Cow<'_, Tag>>, span: Span) -> Value {
        match tag.map(|tag| (tag.is_yaml_core_schema(), tag.suffix.as_str())) {
            None if style == ScalarStyle::Plain => plain(text),
            None | Some((true, "str")) => Value::from(text),
            Some((true, "int" | "float" | "bool" | "null")) => plain(text),
            Some(_) => {
                let message = "tags have no meaning in a contract".to_owned();
                self.mistakes.push(self.at(mark(span), "bad-tag", message, None));
                Value::from(text)
            }
        }
    }

    /// The value of an anchor once more.
    fn alias(&mut self, anchor: usize, at: Mark) -> Result<Value, Diagnostic> {
        let Some(value) = self.anchors.get(&anchor) else { return Ok(Value::Null) };
        self.aliased += nodes(value);
        if self.aliased > MOST_ALIASED { Err(self.too_many(at)) } else { Ok(value.clone()) }
    }

    fn remember(&mut self, anchor: usize, value: &Value, at: Mark) -> Result<(), Diagnostic> {
        if anchor > 0 {
            self.aliased += nodes(value);
            if self.aliased > MOST_ALIASED {
                return Err(self.too_many(at));
            }
            self.anchors.insert(anchor, value.clone());
        }
        Ok(())
    }

    /// Aliases of aliases grow without end, and anchors in anchors are kept as often as they are deep.
    fn too_many(&self, at: Mark) -> Diagnostic {
        self.at(at, "too-many-aliases", "aliases make the file too large".to_owned(), None)
    }

    fn syntax(&self, error: &ScanError) -> Diagnostic {
        let at = error.marker();
        let at = Mark { line: at.line(), column: at.col() + 1 };
        self.at(at, "yaml-syntax", format!("no valid YAML: {}", error.info()), None)
    }

    fn at(&self, at: Mark, code: &'static str, message: String, hint: Option<String>) -> Diagnostic {
        Diagnostic { code, message, hint, file: self.file.to_owned(), line: at.line, column: at.column }
    }
}

/// What a value weighs, in nodes.
fn nodes(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(nodes).sum::<usize>(),
        Value::Object(entries) => entries.iter().fold(1, |sum, (key, item)| sum + weight(key) + nodes(item)),
        Value::String(text) => 1 + weight(text),
        _ => 1,
    }
}

/// What a text weighs beside the node that it is in.
pub(crate) fn weight(text: &str) -> usize {
    text.len() / BYTES_A_NODE
}

fn mark(span: Span) -> Mark {
    Mark { line: span.start.line(), column: span.start.col() + 1 }
}

/// A plain scalar by the core schema of YAML 1.2.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).unwrap_or_else(|| Value::from(text)),
    }
}

fn number(text: &str) -> Option<Value> {
    if let Some(hex) = text.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok().map(Value::from);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return u64::from_str_radix(octal, 8).ok().map(Value::from);
    }
    let is_number = text.chars().any(|c| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E'))
        && !text.starts_with(['e', 'E']);
    if !is_number {
        return None;
    }
    let whole = text.strip_prefix('+').unwrap_or(text);
    let integer = whole.parse::<i64>().map(Value::from).or_else(|_| whole.parse::<u64>().map(Value::from)).ok();
    integer.or_else(|| whole.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number))
}
