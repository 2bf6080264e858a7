//! `logs:`: what logs contain, never contain, or look like.

use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::expectation::string;
use crate::load::findings::Findings;
use crate::load::one_or_many::OneOrMany;
use crate::load::scalars::object;
use crate::model::{Check, Comparison, Expectation, LogsCheck, Operator, Target};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "logs",
    about: "What logs contain, never contain, or look like.",
    is_static: false,
    schema: schema_of::<LogsFile>,
    parse,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LogsFile {
    /// A workload or a pod, or `all` pods of the release.
    of: Option<String>,
    /// Some line holds this text, or matches (`~ …`).
    contain: Option<OneOrMany<String>>,
    /// No line holds this text, or matches; `secrets`: no value of a Secret of the namespace.
    never: Option<OneOrMany<String>>,
    /// The form of each line.
    format: Option<FormatFile>,
    /// Fields that each line of JSON has.
    #[serde(default)]
    fields: Vec<String>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum FormatFile {
    /// Each line is a JSON object.
    Json,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let file: LogsFile = read(value, at, found)?;
    if file.contain.is_none() && file.never.is_none() && file.format.is_none() {
        let hint = Some("write one of contain, never, format".to_owned());
        found.value(at, "empty-expectation", "this asserts nothing about the logs", hint);
        return None;
    }
    if !file.fields.is_empty() && file.format.is_none() {
        let hint = Some("add `format: json`".to_owned());
        found.key(&child(at, "fields"), "misplaced-key", "`fields` needs a format that has fields", hint);
        return None;
    }
    let of = of(file.of.as_deref(), &child(at, "of"), found);
    let contain = lines(file.contain, &child(at, "contain"), found);
    let mut never = file.never.map(|never| never.at(&child(at, "never"))).unwrap_or_default();
    let written = never.len();
    never.retain(|(_, text)| text != "secrets");
    let never_secrets = never.len() < written;
    let never: Vec<_> = never.into_iter().map(|(at, text)| line(&text, &at, found)).collect();
    Some(Check::Logs(LogsCheck {
        of: of?,
        contain: contain?,
        never: never.into_iter().collect::<Option<Vec<_>>>()?,
        never_secrets,
        json_fields: file.format.map(|FormatFile::Json| file.fields),
    }))
}

#[expect(clippy::option_option, reason = "the outer one says whether it could be read, the inner one is `all`")]
fn of(text: Option<&str>, at: &str, found: &mut Findings<'_>) -> Option<Option<Target>> {
    match text {
        None | Some("all") => Some(None),
        Some(text) => object(text, at, found).map(Some),
    }
}

fn lines(texts: Option<OneOrMany<String>>, at: &str, found: &mut Findings<'_>) -> Option<Vec<Expectation>> {
    let texts = texts.map(|texts| texts.at(at)).unwrap_or_default();
    let parsed: Vec<_> = texts.into_iter().map(|(at, text)| line(&text, &at, found)).collect();
    parsed.into_iter().collect()
}

/// What a line holds: a plain text is searched for anywhere in it.
fn line(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Expectation> {
    let holds = |text: &str| Comparison { operator: Operator::Matches, operand: regex::escape(text) };
    if text.is_empty() {
        found.value(at, "empty-expectation", "every line holds the empty text", None);
        return None;
    }
    match string(text, at, found)? {
        Expectation::Compare(comparison) => Some(Expectation::Compare(comparison)),
        // What a session saves is known later, and is searched for as it is.
        _ if text.contains("$(saved.") => Some(Expectation::Equal(text.into())),
        _ => Some(Expectation::Compare(holds(text))),
    }
}
