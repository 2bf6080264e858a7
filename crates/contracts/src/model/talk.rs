//! Checks that talk to a server: a WebSocket, a database; and what they share with `http`: TLS.

use super::{Expectation, ObjectPath, Target};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Write;
use std::time::Duration;

/// What is promised about TLS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tls {
    /// Who signed the certificate; where nothing is written it is taken as it is.
    pub trust: Option<Trust>,
    /// The name that is asked for and that the certificate must be for; the address's own where none is written.
    pub server_name: Option<String>,
    /// For how long it must still be valid.
    pub valid_for: Option<Expectation>,
    /// Names that it must be for.
    pub names: Vec<String>,
}

/// Where the certificates of whom is trusted are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trust {
    /// A Secret, by one of its keys: `ca.crt`, else `tls.crt`, where none is named.
    Secret {
        /// Its name.
        name: String,
        /// Its key.
        key: Option<String>,
    },
    /// A `ConfigMap`, by one of its keys: `ca.crt` where none is named.
    ConfigMap {
        /// Its name.
        name: String,
        /// Its key.
        key: Option<String>,
    },
    /// Certificates as they are written (PEM).
    Pem(String),
}

/// What a step of a session keeps for those after it: name → where in the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Saved {
    /// A value of the JSON body.
    Json(ObjectPath),
    /// A response header.
    Header(String),
    /// The body as text.
    Text,
}

/// A talk over a WebSocket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WsCheck {
    /// The line that is talked over.
    pub line: WsLine,
    /// It stays open under this name (in `before`), for a `kept` of the same clause.
    pub keep: Option<String>,
    /// What is said and expected, in order.
    pub talk: Vec<TalkStep>,
}

/// The line of a talk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WsLine {
    /// A new one.
    New {
        /// Where to.
        to: Target,
        /// Request headers of the upgrade.
        headers: IndexMap<String, String>,
        /// What is promised about TLS; with it the line is encrypted.
        tls: Option<Box<Tls>>,
    },
    /// One that `before` kept.
    Kept(String),
}

/// One step of a talk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TalkStep {
    /// What is done or waited for.
    pub act: TalkAct,
    /// How long what is waited for may take.
    pub within: Option<Duration>,
}

impl TalkStep {
    /// How long a step waits where nothing is written.
    pub const PATIENCE: Duration = Duration::from_secs(5);
}

/// What is done or waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TalkAct {
    /// A text frame; JSON is already serialised.
    Send(String),
    /// Some frame from here on is like this; others may come before it.
    Expect(Expectation),
    /// A ping is answered.
    Ping,
    /// Nothing is said for this long, and the line stays open.
    Idle(Duration),
    /// We close with this code, and the other side agrees.
    Close(u16),
    /// The other side closes, with this code.
    Closed(Expectation),
    /// So many pings came over the line until now.
    Pings(Expectation),
}

/// A query of a PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostgresCheck {
    /// Where.
    pub to: Target,
    /// As whom.
    pub login: PostgresLogin,
    /// The database; what the Secret says, else the user's own.
    pub database: Option<String>,
    /// What is asked.
    pub query: String,
    /// What is expected.
    pub expect: PostgresExpect,
    /// Whether the connection is encrypted: `disable`, `prefer`, `require`, or verified where `tls` says whom it trusts.
    pub sslmode: Option<String>,
    /// What is promised about TLS.
    pub tls: Option<Tls>,
}

/// As whom a query is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PostgresLogin {
    /// A Secret with keys for user, password and database, as they are usually called.
    Secret(String),
    /// As it is written; the password may be `$(secret/NAME.key)`.
    Written {
        /// The user.
        user: String,
        /// The password.
        password: Option<String>,
    },
}

/// What is expected of a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PostgresExpect {
    /// It goes through.
    Success,
    /// Just these rows, each value in its column.
    Rows(Vec<Vec<Expectation>>),
    /// The server refuses with this SQLSTATE.
    Error(String),
    /// The connection fails.
    Failure(String),
}

/// A reference that a run looks up (`$(saved.x)`, `$(widget/x.spec.a)`), looked up in an expectation.
pub(crate) fn looked_up(expectation: &Expectation, look_up: &dyn Fn(&str) -> Option<Value>) -> Expectation {
    match expectation {
        Expectation::Equal(Value::String(text)) => Expectation::Equal(filled(text, look_up)),
        Expectation::Compare(comparison) => {
            let operand = match filled(&comparison.operand, look_up) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            Expectation::Compare(super::Comparison { operator: comparison.operator, operand })
        }
        Expectation::Map(entries) => {
            Expectation::Map(entries.iter().map(|(key, one)| (key.clone(), looked_up(one, look_up))).collect())
        }
        Expectation::List(items) => Expectation::List(items.iter().map(|one| looked_up(one, look_up)).collect()),
        Expectation::Cel(source) => {
            let escaped = |name: &str| look_up(name).map(in_quotes);
            Expectation::Cel(filled_text(source, &escaped))
        }
        other => other.clone(),
    }
}

/// In an expression a value stands between quotes, which it must not end.
fn in_quotes(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let escaped = text.replace('\\', r"\\").replace('\'', r"\'").replace('"', "\\\"").replace('\n', r"\n");
            Value::from(escaped)
        }
        other => other,
    }
}

/// The same as text, whatever the type of a reference that stands alone.
pub fn filled_text(text: &str, look_up: &dyn Fn(&str) -> Option<Value>) -> String {
    match filled(text, look_up) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A body with its references looked up: in JSON a value that stands alone keeps its type.
pub fn filled_body(body: &str, look_up: &dyn Fn(&str) -> Option<Value>) -> String {
    if !body.contains("$(") {
        return body.to_owned();
    }
    match serde_json::from_str::<Value>(body) {
        Ok(tree) => filled_tree(tree, look_up).to_string(),
        Err(_) => filled_text(body, look_up),
    }
}

fn filled_tree(tree: Value, look_up: &dyn Fn(&str) -> Option<Value>) -> Value {
    match tree {
        Value::String(text) => filled(&text, look_up),
        Value::Array(items) => items.into_iter().map(|item| filled_tree(item, look_up)).collect(),
        Value::Object(entries) => {
            let entries = entries.into_iter();
            entries.map(|(key, item)| (filled_text(&key, look_up), filled_tree(item, look_up))).collect()
        }
        other => other,
    }
}

/// A text with its references looked up; one that is a reference alone takes the type of its value. What is not known
/// stays as it is written.
pub fn filled(text: &str, look_up: &dyn Fn(&str) -> Option<Value>) -> Value {
    let alone = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')).filter(|name| !name.contains("$("));
    if let Some(value) = alone.and_then(look_up) {
        return value;
    }
    let (mut written, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("$(") {
        let Some((name, tail)) = after.split_once(')') else { break };
        written.push_str(before);
        match look_up(name) {
            Some(Value::String(value)) => written.push_str(&value),
            Some(value) => written.push_str(&value.to_string()),
            None => _ = write!(written, "$({name})"),
        }
        rest = tail;
    }
    written.push_str(rest);
    Value::from(written)
}
