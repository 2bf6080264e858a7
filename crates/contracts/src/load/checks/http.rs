//! `http:`: one exchange by its address alone, one with all its fields, or a session of several.

use super::tls::{TlsFile, tls};
use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::expectation::{by_path, cel, expectation, string};
use crate::load::findings::Findings;
use crate::load::scalars::{address, duration, path};
use crate::model::{Check, Comparison, Expectation, HttpCheck, HttpStep, ObjectPath, Operator, PathStep, Saved, Tls};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "http",
    about: "An HTTP exchange (an address alone: GET, 2xx), or a list of them as one session.",
    is_static: false,
    schema: schema_of::<HttpFile>,
    parse,
};

/// How connections are refused, in the words of `expect`.
pub(super) const FAILURES: [&str; 5] = ["denied", "refused", "timeout", "unreachable", "reset"];

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::load) enum HttpFile {
    /// The address; GET, and any 2xx.
    Address(String),
    One(Box<StepFile>),
    /// One session: cookies are kept.
    Session(#[schemars(length(min = 1))] Vec<StepFile>),
}

/// One exchange: a method with its address, what is sent, what is expected.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::load) struct StepFile {
    /// Address of a GET.
    get: Option<String>,
    /// Address of a HEAD.
    head: Option<String>,
    /// Address of a POST.
    post: Option<String>,
    /// Address of a PUT.
    put: Option<String>,
    /// Address of a PATCH.
    patch: Option<String>,
    /// Address of a DELETE.
    delete: Option<String>,
    /// http or https, where the address does not say it.
    scheme: Option<SchemeFile>,
    /// The Host that is asked for; over TLS also its SNI.
    host: Option<String>,
    /// What is promised about TLS; with it the connection is encrypted.
    tls: Option<TlsFile>,
    /// Request headers.
    #[serde(default)]
    headers: IndexMap<String, String>,
    /// Request body as text.
    body: Option<String>,
    /// Request body as JSON.
    #[schemars(extend("type" = ["object", "array", "string", "number", "boolean"]))]
    json: Option<Value>,
    /// What is expected of the answer; any 2xx where nothing is written.
    expect: Option<ExpectFile>,
    /// What later steps, and later checks of the clause, may name as $(saved.NAME): NAME → json.PATH, header.NAME or text.
    #[serde(default)]
    save: IndexMap<String, String>,
    /// It is asked again until it is as promised, for so long; what it is asked may change nothing.
    within: Option<String>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SchemeFile {
    Http,
    Https,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum ExpectFile {
    /// The failure that is expected: denied, refused, timeout, unreachable, reset. Denied is what answers elsewhere, refused
    /// what answered before `when`.
    Failure(String),
    Answer(Box<AnswerFile>),
}

/// What is expected of an answer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AnswerFile {
    /// The status: 200, 4xx, ">= 400".
    #[schemars(extend("type" = ["integer", "string"]))]
    status: Option<Value>,
    /// Response headers: name → expectation.
    #[serde(default)]
    header: IndexMap<String, Value>,
    /// The body as text.
    #[schemars(extend("type" = ["string"]))]
    text: Option<Value>,
    /// The body as JSON: path → expectation, or an expectation of the whole.
    #[schemars(extend("type" = ["object", "array", "string", "number", "boolean"]))]
    json: Option<Value>,
    /// An expression of CEL that is true of the body as JSON: json.exists(a, a.connected).
    #[schemars(extend("type" = ["string"]))]
    cel: Option<Value>,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let steps: Vec<Option<HttpStep>> = match read(value, at, found)? {
        HttpFile::Address(text) => vec![address(&text, at, found).map(|to| step("GET", to))],
        HttpFile::One(file) => vec![exchange(*file, at, found)],
        HttpFile::Session(files) => {
            files.into_iter().enumerate().map(|(i, file)| exchange(file, &format!("{at}/{i}"), found)).collect()
        }
    };
    steps.into_iter().collect::<Option<Vec<_>>>().map(|steps| Check::Http(HttpCheck(steps)))
}

fn step(method: &str, to: crate::model::Target) -> HttpStep {
    HttpStep {
        method: method.to_owned(),
        to,
        scheme: None,
        host: None,
        tls: None,
        headers: IndexMap::new(),
        body: None,
        status: None,
        header: IndexMap::new(),
        text: None,
        json: Vec::new(),
        failure: None,
        save: IndexMap::new(),
        within: None,
    }
}

fn exchange(mut file: StepFile, at: &str, found: &mut Findings<'_>) -> Option<HttpStep> {
    let (method, address_text) = method(&mut file, at, found)?;
    let to = address(&address_text, &child(at, &method.to_lowercase()), found)?;
    let mut step = step(method, to);
    step.scheme = file.scheme.map(|scheme| match scheme {
        SchemeFile::Http => "http".to_owned(),
        SchemeFile::Https => "https".to_owned(),
    });
    step.tls = encrypted(file.tls, file.scheme, at, found)?;
    step.host = file.host;
    step.save = save(&file.save, at, found)?;
    step.within = asked_again(file.within.as_deref(), method, at, found)?;
    step.headers = file.headers;
    step.body = file.body;
    if let Some(json) = file.json {
        send_json(&json, &mut step, at, found)?;
    }
    match file.expect {
        None => Some(step),
        Some(ExpectFile::Failure(word)) => {
            step.failure = Some(failure(&word, &child(at, "expect"), found)?);
            Some(step)
        }
        Some(ExpectFile::Answer(answer)) => expect(&answer, step, &child(at, "expect"), found),
    }
}

/// What changes something is done once.
#[expect(clippy::option_option, reason = "the outer one says whether it is good, the inner one whether it is there")]
fn asked_again(text: Option<&str>, method: &str, at: &str, found: &mut Findings<'_>) -> Option<Option<Duration>> {
    let Some(text) = text else { return Some(None) };
    let at = child(at, "within");
    if !["GET", "HEAD"].contains(&method) {
        let hint = Some("write it beside a `get` that sees what came of it".to_owned());
        found.key(&at, "misplaced-key", format!("a {method} is not sent again and again"), hint);
        return None;
    }
    duration(text, &at, found).map(Some)
}

#[expect(clippy::option_option, reason = "the outer one says whether it is good, the inner one whether it is there")]
fn encrypted(
    file: Option<TlsFile>,
    scheme: Option<SchemeFile>,
    at: &str,
    found: &mut Findings<'_>,
) -> Option<Option<Tls>> {
    let Some(file) = file else { return Some(None) };
    if matches!(scheme, Some(SchemeFile::Http)) {
        found.key(&child(at, "tls"), "misplaced-key", "`tls` beside `scheme: http`", None);
        return None;
    }
    tls(file, &child(at, "tls"), found).map(Some)
}

fn save(file: &IndexMap<String, String>, at: &str, found: &mut Findings<'_>) -> Option<IndexMap<String, Saved>> {
    let mut saved = IndexMap::new();
    for (name, from) in file {
        let at = child(&child(at, "save"), name);
        let one = match from.split_once('.') {
            None if from == "text" => Some(Saved::Text),
            None if from == "json" => Some(Saved::Json(ObjectPath::default())),
            Some(("json", rest)) => path(rest, &at, found).map(Saved::Json),
            Some(("header", rest)) if !rest.is_empty() => Some(Saved::Header(rest.to_lowercase())),
            _ => {
                let hint = Some("write json.PATH, header.NAME or text".to_owned());
                found.value(&at, "bad-value", format!("`{from}` is nothing of an answer that could be saved"), hint);
                None
            }
        };
        saved.insert(name.clone(), one?);
    }
    Some(saved)
}

fn method(file: &mut StepFile, at: &str, found: &mut Findings<'_>) -> Option<(&'static str, String)> {
    let written = [
        ("GET", file.get.take()),
        ("HEAD", file.head.take()),
        ("POST", file.post.take()),
        ("PUT", file.put.take()),
        ("PATCH", file.patch.take()),
        ("DELETE", file.delete.take()),
    ];
    let mut written: Vec<_> = written.into_iter().filter_map(|(method, to)| Some((method, to?))).collect();
    match written.len() {
        1 => written.pop(),
        0 => {
            let hint = Some("write one of get, head, post, put, patch, delete with an address".to_owned());
            found.value(at, "no-method", "an exchange without a method", hint);
            None
        }
        _ => {
            let second = child(at, &written[1].0.to_lowercase());
            let hint = Some("several exchanges are a list".to_owned());
            found.key(&second, "two-methods", "an exchange with two methods", hint);
            None
        }
    }
}

fn send_json(json: &Value, step: &mut HttpStep, at: &str, found: &mut Findings<'_>) -> Option<()> {
    if step.body.is_some() {
        found.key(&child(at, "json"), "two-bodies", "an exchange with `body` and `json`", None);
        return None;
    }
    step.body = Some(json.to_string());
    if !step.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
        step.headers.insert("content-type".to_owned(), "application/json".to_owned());
    }
    Some(())
}

fn expect(answer: &AnswerFile, mut step: HttpStep, at: &str, found: &mut Findings<'_>) -> Option<HttpStep> {
    let has_body = answer.text.is_some() || answer.json.is_some() || answer.cel.is_some();
    if answer.status.is_none() && answer.header.is_empty() && !has_body {
        let hint = Some("leave `expect` out for any 2xx".to_owned());
        found.value(at, "empty-expectation", "an empty map asserts nothing", hint);
        return None;
    }
    let mut is_good = true;
    if let Some(value) = &answer.status {
        step.status = status(value, &child(at, "status"), found);
        is_good &= step.status.is_some();
    }
    for (name, value) in &answer.header {
        match expectation(value, &child(&child(at, "header"), name), found) {
            Some(expectation) => _ = step.header.insert(name.to_lowercase(), expectation),
            None => is_good = false,
        }
    }
    if let Some(value) = &answer.text {
        step.text = expectation(value, &child(at, "text"), found);
        is_good &= step.text.is_some();
    }
    if let Some(value) = &answer.json {
        step.json = json(value, &child(at, "json"), found)?;
    }
    if let Some(value) = &answer.cel {
        step.json.push((ObjectPath::default(), cel(value, &child(at, "cel"), found)?));
    }
    is_good.then_some(step)
}

/// `200`, `4xx`, or a comparison.
fn status(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Expectation> {
    let number = value.as_u64();
    let class = value.as_str().filter(|text| text.len() == 3 && text.ends_with("xx")).map(|text| &text[..1]);
    match (number, class, value.as_str()) {
        (Some(100..=599), ..) => Some(Expectation::Equal(value.clone())),
        (_, Some(class), _) if ("1"..="5").contains(&class) => {
            Some(Expectation::Compare(Comparison { operator: Operator::Matches, operand: format!("^{class}..$") }))
        }
        (None, _, Some(text)) if text.starts_with(['<', '>', '!', '~', '=']) || text.contains("$(") => {
            string(text, at, found)
        }
        _ => {
            let hint = Some("write 200, 4xx, or a comparison such as \">= 400\"".to_owned());
            found.value(at, "bad-status", format!("{value} is no HTTP status"), hint);
            None
        }
    }
}

fn json(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Vec<(ObjectPath, Expectation)>> {
    match value {
        Value::Object(entries) => by_path(entries, at, found),
        other => Some(vec![(ObjectPath(Vec::<PathStep>::new()), expectation(other, at, found)?)]),
    }
}

/// A failure that is promised.
pub(super) fn failure(word: &str, at: &str, found: &mut Findings<'_>) -> Option<String> {
    if FAILURES.contains(&word) {
        return Some(word.to_owned());
    }
    let hint = crate::diagnostic::hint(word, FAILURES);
    found.value(at, "bad-value", format!("`{word}` is no failure that could be expected"), hint);
    None
}
