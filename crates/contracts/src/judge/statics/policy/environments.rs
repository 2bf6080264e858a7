//! `policy-environments`: environments differ in their values only: no template asks which of them it is in.

use super::super::{Facts, Inspected};
use super::text::{actions, at, templates};
use regex::Regex;
use std::sync::LazyLock;

/// A comparison of what names an environment with a word.
static ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let named = r"(?:\.Release\.(?:Namespace|Name)|[.$]*\.Values\.(?:global\.)?(?:env|environment|stage))";
    Regex::new(&format!(r#"\b(?:eq|ne|hasPrefix|hasSuffix|contains)\s+(?:{named}\s+"[^"]*"|"[^"]*"\s+{named}\b)"#)).ok()
});

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("templates");
    for (path, text) in templates(facts) {
        let asking = actions(text).filter_map(|(line, action)| {
            let asks = ASKS.as_ref()?.find(action)?.as_str();
            Some(at(path, line, format!("expected environments to differ in values only, seen a template ask: {asks}")))
        });
        inspected.subject(asking.collect::<Vec<_>>());
    }
    inspected
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_template as check;

    #[test]
    fn a_template_that_asks_where_it_is() {
        let told = |asks: &str| {
            format!(
                "policy-environments: expected environments to differ in values only, seen a template ask: {asks}\n  \
                 charts/registry/templates/more.yaml:2 "
            )
        };
        check("a: b\n{{- if eq .Release.Namespace \"prod\" }}\n", &told("eq .Release.Namespace \"prod\""));
        check("a: b\n{{ if ne .Values.environment \"dev\" }}\n", &told("ne .Values.environment \"dev\""));
        check("a: b\n{{ if eq .Values.service.type \"NodePort\" }}\n", "");
        check("a: b\n{{/* eq .Release.Namespace \"prod\" */}}\n", "");
    }
}
