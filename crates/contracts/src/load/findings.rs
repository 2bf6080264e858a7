//! Mistakes of one clause (or of the contract around the clauses), collected while it is parsed.

use crate::diagnostic::{Diagnostic, Mark, Places};
use serde_json::Value;

/// A collector that knows where the parsed tree is written.
pub(crate) struct Findings<'a> {
    places: Places,
    /// Subtrees that a reference put elsewhere: pointer in the bound tree → pointer in the file.
    moved: &'a [(String, String)],
    /// The tree, where references may still be in it: a text that holds one can't be judged yet.
    open: Option<&'a Value>,
    /// What is parsed is a key: its mistakes are told at the key's place.
    is_key: bool,
    list: Vec<Diagnostic>,
}

impl<'a> Findings<'a> {
    pub(crate) fn new(places: Places) -> Self {
        Self { places, moved: &[], open: None, is_key: false, list: Vec::new() }
    }

    /// For a bound tree: what a reference moved is found where it is written.
    pub(crate) fn of_bound(places: Places, moved: &'a [(String, String)], open: Option<&'a Value>) -> Self {
        Self { places, moved, open, is_key: false, list: Vec::new() }
    }

    /// Parses a key as if it were a value.
    pub(crate) fn of_key<T>(&mut self, parse: impl FnOnce(&mut Self) -> T) -> T {
        self.is_key = true;
        let parsed = parse(self);
        self.is_key = false;
        parsed
    }

    /// A mistake in a value.
    pub(crate) fn value(
        &mut self,
        pointer: &str,
        code: &'static str,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        if self.is_key {
            return self.key(pointer, code, message, hint);
        }
        if !self.is_open(pointer) {
            let at = self.places.at(&self.written(pointer)).value;
            self.push(at, code, message.into(), hint);
        }
    }

    /// A mistake in a key.
    pub(crate) fn key(&mut self, pointer: &str, code: &'static str, message: impl Into<String>, hint: Option<String>) {
        if !self.is_open(pointer) {
            let at = self.places.at(&self.written(pointer)).key;
            self.push(at, code, message.into(), hint);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The mistakes of another collector, too.
    pub(crate) fn extend(&mut self, other: Findings<'_>) {
        self.list.extend(other.list);
    }

    pub(crate) fn into_list(self) -> Vec<Diagnostic> {
        self.list
    }

    fn push(&mut self, at: Mark, code: &'static str, message: String, hint: Option<String>) {
        let file = self.places.file().to_owned();
        self.list.push(Diagnostic { code, message, hint, file, line: at.line, column: at.column });
    }

    /// Whether the node (its key or its text) holds a reference that is not looked up yet.
    fn is_open(&self, pointer: &str) -> bool {
        let Some(tree) = self.open else { return false };
        let key = pointer.rsplit('/').next().unwrap_or_default();
        key.contains("$(") || tree.pointer(pointer).and_then(Value::as_str).is_some_and(|text| text.contains("$("))
    }

    /// Where a node of the bound tree is written in the file.
    fn written(&self, pointer: &str) -> String {
        let below = |to: &str| pointer.strip_prefix(to).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let hits = self.moved.iter().filter_map(|(to, from)| Some((to.len(), from, below(to)?)));
        match hits.max_by_key(|(length, ..)| *length) {
            Some((_, from, rest)) => format!("{from}{rest}"),
            None => pointer.to_owned(),
        }
    }
}
