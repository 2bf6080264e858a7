//! `tcp:`: a connect that succeeds, or is denied.

use super::http::failure;
use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::findings::Findings;
use crate::load::scalars::address;
use crate::model::{Check, TcpCheck};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "tcp",
    about: "A TCP connect succeeds, or fails as expected.",
    is_static: false,
    schema: schema_of::<TcpFile>,
    parse,
};

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum TcpFile {
    /// The address.
    Address(String),
    Connect(ConnectFile),
}

/// A connect and how it ends.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ConnectFile {
    /// The address.
    to: String,
    /// The failure that is expected: denied, refused, timeout, unreachable, reset. Denied is what answers elsewhere, refused
    /// what answered before `when`, or has another port that answers.
    expect: Option<String>,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let (to, failure) = match read(value, at, found)? {
        TcpFile::Address(text) => (address(&text, at, found)?, None),
        TcpFile::Connect(ConnectFile { to, expect }) => {
            let to = address(&to, &child(at, "to"), found);
            let failure = match expect {
                Some(word) => Some(failure(&word, &child(at, "expect"), found)?),
                None => None,
            };
            (to?, failure)
        }
    };
    Some(Check::Tcp(TcpCheck { to, failure }))
}
