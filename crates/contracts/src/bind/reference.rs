//! References: `$(values.x)` and its kin are looked up, never computed. A text that is one reference takes the type of
//! what it names; within a longer text its value is written in.

use super::{Facts, set_key};
use crate::diagnostic::{Diagnostic, Place, Places, child, hint};
use crate::model::{ROWS, RawClause, RunCheck, object_field};
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// What a reference may name.
const ROOTS: [&str; 9] = ["values", "release", "chart", "needs", "each", "params", "run", "secret", "env"];

/// Elements hold references of their own, but not without end.
const DEEPEST: usize = 4;

/// The element that a clause is bound to.
#[derive(Clone, Debug)]
pub(super) struct Element<'a> {
    variable: &'a str,
    value: &'a Value,
    /// Where it is written, counted from the clause.
    pointer: String,
}

impl<'a> Element<'a> {
    pub(super) fn of(raw: &RawClause, variable: &'a str, name: &str, value: &'a Value) -> Self {
        // Elements of several variables are a list themselves.
        let list = if variable == ROWS { "/each".to_owned() } else { child("/each", variable) };
        let number = raw.each.get(variable).and_then(|elements| elements.get_index_of(name));
        let is_list = raw.tree.pointer(&list).is_some_and(Value::is_array);
        let pointer = match number.filter(|_| is_list) {
            Some(number) => format!("{list}/{number}"),
            None => child(&list, name),
        };
        Self { variable, value, pointer }
    }

    /// Where the value of `each.x` is written.
    fn written(&self, name: &str) -> String {
        match name.strip_prefix("each.").filter(|_| self.variable == ROWS) {
            Some(variable) => child(&self.pointer, variable),
            None => self.pointer.clone(),
        }
    }
}

/// What is known while a clause is bound; without facts only elements are looked up, and names are checked.
pub(super) struct Known<'a> {
    pub(super) facts: Option<&'a Facts<'a>>,
    pub(super) element: Option<Element<'a>>,
    /// Parameters of the pack that the clause is from.
    pub(super) params: &'a IndexMap<String, Value>,
}

/// A tree with its references looked up.
pub(super) struct Bound {
    pub(super) tree: Value,
    /// What came from an element: pointer in the tree → where it is written.
    pub(super) moved: Vec<(String, String)>,
    pub(super) has_references: bool,
}

/// Looks up every reference of a clause (but those inside `each`, which are looked up where they are used).
pub(super) fn look_up_all(tree: &Value, known: &Known<'_>, places: &Places) -> Result<Bound, Vec<Diagnostic>> {
    if !has_reference(tree) {
        return Ok(Bound { tree: tree.clone(), moved: Vec::new(), has_references: false });
    }
    let mut looker = Looker { known, places, moved: Vec::new(), has_references: false, mistakes: Vec::new() };
    let mut bound = Map::new();
    for (key, value) in tree.as_object().into_iter().flatten() {
        let value = if key == "each" { value.clone() } else { looker.value(value, &child("", key), 0) };
        bound.insert(key.clone(), value);
    }
    let Looker { moved, has_references, mistakes, .. } = looker;
    if mistakes.is_empty() { Ok(Bound { tree: Value::Object(bound), moved, has_references }) } else { Err(mistakes) }
}

fn has_reference(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("$("),
        Value::Array(items) => items.iter().any(has_reference),
        Value::Object(entries) => entries.iter().any(|(key, item)| key.contains("$(") || has_reference(item)),
        _ => false,
    }
}

/// Why a reference names nothing.
pub(crate) struct Unknown {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Unknown {
    fn new(message: String, hint: Option<String>) -> Self {
        Self { code: "unknown-reference", message, hint }
    }
}

/// What a reference names, if it is known now.
enum Looked {
    Value(Value),
    Element(Value),
    Param(Value),
    Later,
}

struct Looker<'a> {
    known: &'a Known<'a>,
    places: &'a Places,
    moved: Vec<(String, String)>,
    has_references: bool,
    mistakes: Vec<Diagnostic>,
}

impl Looker<'_> {
    fn value(&mut self, value: &Value, at: &str, depth: usize) -> Value {
        match value {
            Value::String(text) if text.contains("$(") => self.text(text, at, depth),
            Value::Array(items) => {
                items.iter().enumerate().map(|(i, item)| self.value(item, &format!("{at}/{i}"), depth)).collect()
            }
            Value::Object(entries) => {
                Value::Object(entries.iter().map(|(key, item)| self.entry(key, item, at, depth)).collect())
            }
            other => other.clone(),
        }
    }

    fn entry(&mut self, key: &str, item: &Value, at: &str, depth: usize) -> (String, Value) {
        let written = child(at, key);
        if !key.contains("$(") {
            return (key.to_owned(), self.value(item, &written, depth));
        }
        let bound = plain(&self.text(key, &written, depth));
        let to = child(at, &bound);
        if to != written {
            self.moved.push((to.clone(), written));
        }
        (bound, self.value(item, &to, depth))
    }

    /// A text with references: one alone keeps its type, several are written into the text.
    fn text(&mut self, text: &str, at: &str, depth: usize) -> Value {
        self.has_references = true;
        if depth > DEEPEST {
            self.mistake(at, Unknown::new(format!("`{text}` names itself"), None));
            return Value::from(text);
        }
        if let Some(name) = alone(text) {
            return self.alone(name, text, at, depth);
        }
        let mut written = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("$(") {
            let Some(length) = rest[start..].find(')') else {
                self.mistake(at, Unknown::new(format!("`{text}` has no closing parenthesis"), None));
                return Value::from(text);
            };
            push(&mut written, &rest[..start]);
            let whole = &rest[start..=start + length];
            push(&mut written, &plain(&self.alone(&whole[2..whole.len() - 1], whole, at, depth)));
            rest = &rest[start + length + 1..];
        }
        push(&mut written, rest);
        Value::from(written)
    }

    fn alone(&mut self, name: &str, whole: &str, at: &str, depth: usize) -> Value {
        match look_up(name.trim(), self.known) {
            Ok(Looked::Value(value)) => value,
            Ok(Looked::Later) => Value::from(whole),
            Ok(Looked::Element(value)) => {
                if let Some(element) = &self.known.element {
                    self.moved.push((at.to_owned(), element.written(name.trim())));
                }
                self.value(&value, at, depth + 1)
            }
            Ok(Looked::Param(value)) => self.value(&value, at, depth + 1),
            // What a session has saved, and what objects are like, only the run knows.
            Err(_) if is_of_the_run(name, at) => Value::from(whole),
            // Which port that is, only the run knows.
            Err(_) if at.contains("/run/command/") && RunCheck::address(whole).is_some() => Value::from(whole),
            Err(unknown) => {
                self.mistake(at, unknown);
                Value::from(whole)
            }
        }
    }

    fn mistake(&mut self, at: &str, unknown: Unknown) {
        let Place { value, .. } = self.places.at(at);
        self.mistakes.push(Diagnostic {
            code: unknown.code,
            message: unknown.message,
            hint: unknown.hint,
            file: self.places.file().to_owned(),
            line: value.line,
            column: value.column,
        });
    }
}

/// Adds to a text. What was looked up stays what it is: a path after the chart's only Service (`svc` and `/healthz`)
/// does not become that Service's name.
fn push(written: &mut String, more: &str) {
    if written == "svc" && more.starts_with('/') {
        written.push('/');
    }
    written.push_str(more);
}

/// The name, where the whole text is one reference.
fn alone(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("$(")?.strip_suffix(')')?;
    (!inner.contains("$(") && !inner.contains(')')).then_some(inner)
}

/// `saved.x` in what is asked and expected once a session has saved it, and a field of an object
/// (`deploy/x.metadata.generation`) among what objects are like.
fn is_of_the_run(name: &str, at: &str) -> bool {
    let is_in = |key: &str| at.split('/').any(|step| step == key);
    match name.trim().strip_prefix("saved.") {
        Some(saved) => ["http", "logs", "ws", "postgres", "object"].into_iter().any(is_in) && !saved.is_empty(),
        None => is_in("object") && object_field(name).is_some(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn look_up(name: &str, known: &Known<'_>) -> Result<Looked, Unknown> {
    let (root, rest) = name.split_once(['.', '/']).unwrap_or((name, ""));
    match root {
        "values" => value_of(rest, known),
        "release" => release(rest, known),
        "chart" => one_of(name, "chart", rest, &[("version", known.facts.map(|facts| facts.chart_version))]),
        "run" => one_of(name, "run", rest, &[("id", known.facts.map(|facts| facts.run_id))]),
        "each" => element(rest, known),
        "params" => param(rest, known),
        "secret" if name.starts_with("secret/") && rest.contains('.') => Ok(Looked::Later),
        "secret" => Err(Unknown::new(format!("`{name}` names no key"), Some("write $(secret/NAME.key)".to_owned()))),
        "needs" => need(rest, known),
        "env" => env(rest, known),
        "saved" => Err(Unknown::new(
            format!("`{name}` is not known here"),
            Some(
                "what an `http` saves is known in its later steps, and in http, ws, postgres, object and logs after it"
                    .to_owned(),
            ),
        )),
        _ if name.contains('/') => Err(Unknown::new(
            format!("`{name}` is not known here"),
            Some("fields of objects are known among what is expected of an `object`".to_owned()),
        )),
        _ => Err(Unknown::new(format!("there is nothing called `{root}` to look up"), hint(root, ROOTS))),
    }
}

/// Names of variables that hold what nobody may read.
const SECRET: [&str; 8] =
    ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "API_KEY", "PRIVATE_KEY"];

/// Whether this may be the name of a variable. What is looked up is written into plans, records and command lines, so what
/// looks like a secret by its name is refused: a Secret of the cluster is for that, whose values no record shows.
pub(crate) fn is_variable(name: &str) -> Result<(), Unknown> {
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return Err(Unknown::new(format!("`{name}` is no name of a variable"), None));
    }
    let upper = name.to_ascii_uppercase();
    if !SECRET.iter().any(|word| upper.contains(word)) {
        return Ok(());
    }
    let message = format!("`env.{name}` looks like a secret, and what is looked up is written into plans and reports");
    let hint = Some("keep it in a Secret of the cluster and write $(secret/NAME.KEY)".to_owned());
    Err(Unknown { code: "secret-in-env", message, hint })
}

/// A variable of the environment.
fn env(name: &str, known: &Known<'_>) -> Result<Looked, Unknown> {
    is_variable(name)?;
    let Some(facts) = known.facts else { return Ok(Looked::Later) };
    if let Some(value) = facts.env.get(name) {
        return Ok(Looked::Value(Value::from(value.as_str())));
    }
    let near = hint(name, facts.env.keys().map(String::as_str).collect::<Vec<_>>());
    Err(Unknown::new(format!("the environment variable `{name}` is not set"), near))
}

fn value_of(path: &str, known: &Known<'_>) -> Result<Looked, Unknown> {
    let Some(steps) = set_key::parse(path) else {
        let hint = Some("write $(values.a.b) or $(values.list[0])".to_owned());
        return Err(Unknown::new(format!("`values.{path}` is no key of values"), hint));
    };
    let Some(facts) = known.facts else { return Ok(Looked::Later) };
    set_key::get(facts.values, &steps).cloned().map(Looked::Value).ok_or_else(|| {
        let message = format!("`values.{path}` is not in the values of environment `{}`", facts.environment);
        let top = facts.values.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
        let first = path.split(['.', '[']).next().unwrap_or_default();
        let is_first_known = facts.values.get(first).is_some();
        Unknown::new(message, hint(first, top.collect::<Vec<_>>()).filter(|_| !is_first_known))
    })
}

fn release(rest: &str, known: &Known<'_>) -> Result<Looked, Unknown> {
    let release = known.facts.map(|facts| facts.release);
    let known = [("name", release.map(|r| r.name.as_str())), ("namespace", release.map(|r| r.namespace.as_str()))];
    one_of(&format!("release.{rest}"), "release", rest, &known)
}

fn one_of(name: &str, root: &str, rest: &str, known: &[(&str, Option<&str>)]) -> Result<Looked, Unknown> {
    match known.iter().find(|(word, _)| *word == rest) {
        Some((_, Some(value))) => Ok(Looked::Value(Value::from(*value))),
        Some((_, None)) => Ok(Looked::Later),
        None => {
            let words: Vec<String> = known.iter().map(|(word, _)| format!("{root}.{word}")).collect();
            Err(Unknown::new(format!("there is no `{name}`"), Some(format!("known here: {}", words.join(", ")))))
        }
    }
}

/// What a need gives; that need and output exist was looked at when the contract was loaded.
fn need(rest: &str, known: &Known<'_>) -> Result<Looked, Unknown> {
    let Some(facts) = known.facts else { return Ok(Looked::Later) };
    let (name, output) = rest.split_once('.').unwrap_or((rest, "name"));
    let Some(outputs) = facts.needs.get(name) else {
        let message = format!("the need `{name}` is not made in environment `{}`", facts.environment);
        return Err(Unknown::new(message, None));
    };
    Ok(match outputs.get(output).cloned().flatten() {
        Some(value) => Looked::Value(Value::from(value)),
        None => Looked::Later,
    })
}

fn param(name: &str, known: &Known<'_>) -> Result<Looked, Unknown> {
    match known.params.get(name) {
        Some(value) => Ok(Looked::Param(value.clone())),
        None if known.params.is_empty() => {
            Err(Unknown::new(format!("`params.{name}`: only clauses of a pack have parameters"), None))
        }
        None => {
            let hint = hint(name, known.params.keys().map(String::as_str).collect::<Vec<_>>());
            Err(Unknown::new(format!("the pack has no parameter `{name}`"), hint))
        }
    }
}

fn element(rest: &str, known: &Known<'_>) -> Result<Looked, Unknown> {
    match &known.element {
        Some(element) if element.variable == ROWS => {
            let keys = || element.value.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
            let unknown =
                || Unknown::new(format!("`each` has no variable `{rest}`"), hint(rest, keys().collect::<Vec<_>>()));
            element.value.get(rest).cloned().map(Looked::Element).ok_or_else(unknown)
        }
        Some(element) if element.variable == rest => Ok(Looked::Element(element.value.clone())),
        Some(element) => {
            let hint = Some(format!("did you mean `each.{}`?", element.variable));
            Err(Unknown::new(format!("`each` has no variable `{rest}`"), hint))
        }
        None => Err(Unknown::new(format!("`each.{rest}`: this clause has no `each`"), None)),
    }
}
