//! `policy-determinism`: the same values give the same render. What is made at random is kept by `lookup`, or each
//! upgrade makes it anew.

use super::super::{Facts, Inspected};
use super::text::{actions, at, templates};
use regex::Regex;
use std::sync::LazyLock;

static RANDOM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = "randAlphaNum|randAlpha|randNumeric|randAscii|randBytes|randInt|uuidv4|now|genCA|genCAWithKey|genPrivateKey|\
                 genSelfSignedCert|genSignedCert|htpasswd|bcrypt|shuffle";
    Regex::new(&format!(r"[\s({{|-](?:{words})\b")).ok()
});

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("templates");
    for (path, text) in templates(facts) {
        let found = actions(text).filter(|_| !text.contains("lookup ")).filter_map(|(line, action)| {
            let actions = action.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap_or(""));
            let word = actions.into_iter().find_map(|inner| {
                let padded = format!(" {inner}");
                Some(RANDOM.as_ref()?.find(&padded)?.as_str().trim_start_matches([' ', '(', '{', '|', '-']).to_owned())
            })?;
            Some(at(
                path,
                line,
                format!(
                    "expected each render to be the same, seen `{word}` without a `lookup` that keeps what it made"
                ),
            ))
        });
        inspected.subject(found.collect::<Vec<_>>());
    }
    inspected
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_template as check;

    #[test]
    fn a_template_that_throws_dice() {
        let told = |word: &str| {
            format!(
                "policy-determinism: expected each render to be the same, seen `{word}` without a `lookup` that keeps what it \
                 made\n  charts/registry/templates/more.yaml:1 "
            )
        };
        check("password: {{ randAlphaNum 16 | b64enc }}\n", &told("randAlphaNum"));
        check("at: {{ now | date \"2006\" }}\n", &told("now"));
        check("{{- $old := lookup \"v1\" \"Secret\" \"a\" \"b\" }}\npassword: {{ randAlphaNum 16 }}\n", "");
        check("now: {{ .Values.now }}\n", "");
    }
}
