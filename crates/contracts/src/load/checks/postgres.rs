//! `postgres:`: a query, and the rows or the error that it gives.

use super::http::{FAILURES, failure};
use super::tls::{TlsFile, tls};
use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::expectation::expectation;
use crate::load::findings::Findings;
use crate::load::scalars::address;
use crate::model::{Check, Expectation, PostgresCheck, PostgresExpect, PostgresLogin};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "postgres",
    about: "A query of a PostgreSQL server gives these rows, or this error.",
    is_static: false,
    schema: schema_of::<PostgresFile>,
    parse,
};

/// One query.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PostgresFile {
    /// The server: svc/NAME:PORT (5432 where a Service has but one port).
    to: String,
    /// As whom: secret/NAME, or a user and a password.
    #[serde(rename = "as")]
    login: LoginFile,
    /// The database; what the Secret says, else the user's own.
    database: Option<String>,
    /// What is asked; `select 1` where nothing is written.
    query: Option<String>,
    /// The rows, or the error.
    expect: Option<ExpectFile>,
    /// Whether the connection is encrypted; prefer where nothing is written.
    sslmode: Option<SslMode>,
    /// What is promised about TLS.
    tls: Option<TlsFile>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum LoginFile {
    /// A Secret with user, password and database under their usual keys.
    Secret(String),
    Written(WrittenFile),
}

/// A user and a password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    /// The user.
    user: String,
    /// The password; one of a Secret is written $(secret/NAME.key).
    password: Option<String>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum SslMode {
    Disable,
    Prefer,
    Require,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum ExpectFile {
    /// The failure that is expected: denied, refused, timeout, unreachable, reset.
    Failure(String),
    /// Just these rows, each value in its column.
    Rows(Vec<Vec<Value>>),
    Error(ErrorFile),
}

/// The error that is expected.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ErrorFile {
    /// Its SQLSTATE: 28P01 is a wrong password.
    #[schemars(extend("type" = ["string", "integer"]))]
    error: Value,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let file: PostgresFile = read(value, at, found)?;
    let to = address(&file.to, &child(at, "to"), found);
    let login = login(file.login, &child(at, "as"), found);
    let expect = match file.expect {
        Some(expect) => self::expect(expect, &child(at, "expect"), found)?,
        None => PostgresExpect::Success,
    };
    let tls = match file.tls {
        Some(_) if matches!(file.sslmode, Some(SslMode::Disable)) => {
            let message = "`tls` promises something about what `sslmode: disable` switches off";
            found.key(&child(at, "tls"), "misplaced-key", message, None);
            return None;
        }
        Some(file) => Some(tls(file, &child(at, "tls"), found)?),
        None => None,
    };
    if let Some(tls) = &tls
        && (tls.valid_for.is_some() || !tls.names.is_empty())
    {
        let hint = Some("`trust` and `serverName` are what a query can prove".to_owned());
        found.key(&child(at, "tls"), "bad-value", "the certificate of a PostgreSQL server is verified, not read", hint);
        return None;
    }
    let sslmode = file.sslmode.map(|mode| match mode {
        SslMode::Disable => "disable".to_owned(),
        SslMode::Prefer => "prefer".to_owned(),
        SslMode::Require => "require".to_owned(),
    });
    let query = file.query.unwrap_or_else(|| "select 1".to_owned());
    let (to, login, database) = (to?, login?, file.database);
    Some(Check::Postgres(Box::new(PostgresCheck { to, login, database, query, expect, sslmode, tls })))
}

fn login(file: LoginFile, at: &str, found: &mut Findings<'_>) -> Option<PostgresLogin> {
    match file {
        LoginFile::Written(file) => Some(PostgresLogin::Written { user: file.user, password: file.password }),
        LoginFile::Secret(text) => {
            let name = text.strip_prefix("secret/").filter(|name| !name.is_empty());
            if name.is_none() {
                let hint = Some("write secret/NAME, or { user, password }".to_owned());
                found.value(at, "bad-value", format!("`{text}` is nobody who could ask"), hint);
            }
            name.map(|name| PostgresLogin::Secret(name.to_owned()))
        }
    }
}

fn expect(file: ExpectFile, at: &str, found: &mut Findings<'_>) -> Option<PostgresExpect> {
    match file {
        ExpectFile::Failure(word) if FAILURES.contains(&word.as_str()) => Some(PostgresExpect::Failure(word)),
        ExpectFile::Failure(word) => {
            failure(&word, at, found);
            None
        }
        ExpectFile::Rows(rows) => {
            let parsed: Vec<Option<Vec<Expectation>>> =
                rows.iter().enumerate().map(|(i, row)| columns(row, &format!("{at}/{i}"), found)).collect();
            parsed.into_iter().collect::<Option<Vec<_>>>().map(PostgresExpect::Rows)
        }
        ExpectFile::Error(ErrorFile { error }) => {
            let code = error.as_str().map_or_else(|| error.to_string(), ToOwned::to_owned);
            if code.len() == 5 && code.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()) {
                return Some(PostgresExpect::Error(code));
            }
            let hint = Some("a SQLSTATE has five letters and digits: 28P01".to_owned());
            found.value(&child(at, "error"), "bad-value", format!("`{code}` is no SQLSTATE"), hint);
            None
        }
    }
}

fn columns(row: &[Value], at: &str, found: &mut Findings<'_>) -> Option<Vec<Expectation>> {
    let parsed: Vec<_> =
        row.iter().enumerate().map(|(i, value)| expectation(value, &format!("{at}/{i}"), found)).collect();
    parsed.into_iter().collect()
}
