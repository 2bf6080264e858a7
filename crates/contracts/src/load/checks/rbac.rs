//! `rbac:`: what a service account may do, and what it may not.

use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::findings::Findings;
use crate::load::one_or_many::OneOrMany;
use crate::load::scalars::object;
use crate::model::{Access, Check, Kind, Name, RbacCheck, Target};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "rbac",
    about: "What a service account may do, and what it may not.",
    is_static: false,
    schema: schema_of::<RbacFile>,
    parse,
};

/// Rights, each as VERB RESOURCE, VERB RESOURCE/SUBRESOURCE or VERB RESOURCE in NAMESPACE (`*`: in all).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RbacFile {
    /// serviceaccount/NAME
    of: String,
    /// What it may do: create statefulsets, update widgets/status.
    can: Option<OneOrMany<String>>,
    /// What it may not: get secrets in kube-system.
    cannot: Option<OneOrMany<String>>,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let file: RbacFile = read(value, at, found)?;
    if file.can.is_none() && file.cannot.is_none() {
        found.value(
            at,
            "empty-expectation",
            "this asserts nothing about rights",
            Some("write can or cannot".to_owned()),
        );
        return None;
    }
    let of = account(&file.of, &child(at, "of"), found);
    let can = accesses(file.can, &child(at, "can"), found);
    let cannot = accesses(file.cannot, &child(at, "cannot"), found);
    Some(Check::Rbac(RbacCheck { of: of?, can: can?, cannot: cannot? }))
}

fn account(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Target> {
    let target = object(text, at, found)?;
    let is_account =
        matches!(&target, Target::Object { kind: Kind::Named(kind), name: Name::Is(_) } if kind == "ServiceAccount");
    if !is_account {
        let hint = Some("write serviceaccount/NAME".to_owned());
        found.value(at, "bad-target", format!("`{text}` is no service account"), hint);
    }
    is_account.then_some(target)
}

fn accesses(texts: Option<OneOrMany<String>>, at: &str, found: &mut Findings<'_>) -> Option<Vec<Access>> {
    let texts = texts.map(|texts| texts.at(at)).unwrap_or_default();
    let parsed: Vec<_> = texts.iter().map(|(at, text)| access(text, at, found)).collect();
    parsed.into_iter().collect()
}

fn access(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Access> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (verb, resource, namespace) = match words[..] {
        [verb, resource] => (verb, resource, None),
        [verb, resource, "in", namespace] => (verb, resource, Some(namespace.to_owned())),
        _ => {
            let hint =
                Some("write VERB RESOURCE, or VERB RESOURCE in NAMESPACE: get secrets in kube-system".to_owned());
            found.value(at, "bad-value", format!("`{text}` is no right"), hint);
            return None;
        }
    };
    let (resource, subresource) = match resource.split_once('/') {
        Some((resource, sub)) => (resource, Some(sub.to_owned())),
        None => (resource, None),
    };
    Some(Access { verb: verb.to_owned(), resource: resource.to_owned(), subresource, namespace })
}
