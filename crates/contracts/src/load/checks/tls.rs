//! `tls:` of a probe: who signed the certificate, whom it is for, and how long it still lasts.

use crate::diagnostic::child;
use crate::load::expectation::string;
use crate::load::findings::Findings;
use crate::load::one_or_many::OneOrMany;
use crate::model::{Comparison, Expectation, Operator, Tls, Trust};
use crate::units;
use schemars::JsonSchema;
use serde::Deserialize;

/// What is promised about TLS; with it the connection is encrypted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct TlsFile {
    /// Who signed the certificate: secret/NAME, secret/NAME.KEY, cm/NAME, cm/NAME.KEY, or the certificates themselves
    /// (PEM). Where nothing is written it is taken as it is.
    trust: Option<String>,
    /// The name that is asked for (SNI) and that the certificate must be for.
    server_name: Option<String>,
    /// For how long it must still be valid: "> 7d".
    valid_for: Option<String>,
    /// Names that it must be for.
    names: Option<OneOrMany<String>>,
}

pub(super) fn tls(file: TlsFile, at: &str, found: &mut Findings<'_>) -> Option<Tls> {
    let has_words = file.trust.is_some() || file.server_name.is_some() || file.valid_for.is_some();
    if !has_words && file.names.is_none() {
        let hint =
            Some("write trust, validFor, names or serverName; `scheme: https` alone asks for TLS only".to_owned());
        found.value(at, "empty-expectation", "an empty map asserts nothing", hint);
        return None;
    }
    let trust = match file.trust {
        Some(text) => Some(trust(&text, &child(at, "trust"), found)?),
        None => None,
    };
    let valid_for = match file.valid_for {
        Some(text) => Some(valid_for(&text, &child(at, "validFor"), found)?),
        None => None,
    };
    let names = file.names.map(OneOrMany::into_vec).unwrap_or_default();
    Some(Tls { trust, server_name: file.server_name, valid_for, names })
}

fn trust(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Trust> {
    if text.contains("-----BEGIN") {
        return Some(Trust::Pem(text.to_owned()));
    }
    // A key may hold dots itself (`ca.crt`), a name rarely does: the first dot is where it begins.
    let split = |rest: &str| match rest.split_once('.') {
        Some((name, key)) => (name.to_owned(), Some(key.to_owned())),
        None => (rest.to_owned(), None),
    };
    match text.split_once('/') {
        Some(("secret", rest)) if !rest.is_empty() => {
            let (name, key) = split(rest);
            Some(Trust::Secret { name, key })
        }
        Some(("cm" | "configmap", rest)) if !rest.is_empty() => {
            let (name, key) = split(rest);
            Some(Trust::ConfigMap { name, key })
        }
        _ => {
            // What a contract needs lies in a Secret of that name.
            let need = text.strip_prefix("needs.").filter(|name| !name.is_empty());
            if need.is_none() {
                let hint = Some("write secret/NAME, secret/NAME.KEY, cm/NAME, needs.NAME, or PEM".to_owned());
                found.value(at, "bad-value", format!("`{text}` is nothing that could be trusted"), hint);
            }
            need.map(|name| Trust::Secret { name: name.to_owned(), key: None })
        }
    }
}

/// A limit on a duration.
fn valid_for(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Expectation> {
    match string(text, at, found)? {
        Expectation::Compare(Comparison {
            operator: operator @ (Operator::Less | Operator::AtMost | Operator::Greater | Operator::AtLeast),
            operand,
        }) if units::duration(&operand).is_some() => Some(Expectation::Compare(Comparison { operator, operand })),
        _ => {
            let hint = Some("write a limit on a duration: \"> 7d\"".to_owned());
            found.value(at, "bad-duration", format!("`{text}` is no limit on a duration"), hint);
            None
        }
    }
}
