//! `policy-credentials`: no password stands in a variable, an argument or a config map. The value itself is never told.

use super::super::{Facts, Finding, Inspected};
use crate::graph::{Document, Path, below, path};
use regex::Regex;
use std::sync::LazyLock;

/// Ends of names whose values are secret.
const NAMES: [&str; 9] =
    ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "APIKEY", "ACCESSKEY", "PRIVATEKEY", "SECRETKEY", "CREDENTIALS"];

/// Values that are credentials wherever they stand.
static SECRETS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|xox[abp]-[0-9A-Za-z-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY-----|[a-z][a-z0-9+]*://[^\s:/@$]+:[^\s:/@$]+@").ok()
});

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("values");
    for pod in facts.graph.pod_templates() {
        for container in pod.containers() {
            for (i, variable) in container.value["env"].as_array().into_iter().flatten().enumerate() {
                let (Some(name), Some(value)) = (variable["name"].as_str(), variable["value"].as_str()) else {
                    continue;
                };
                let at = container.below(["env", &i.to_string(), "value"]);
                let what = format!("container {} env {name}", container.name());
                inspected.subject(told(pod.workload, is_secret(name, value), &what, &at));
            }
            for list in ["command", "args"] {
                for (i, text) in container.value[list].as_array().into_iter().flatten().enumerate() {
                    let at = container.below([list, &i.to_string()]);
                    let is_it = text.as_str().is_some_and(is_known);
                    inspected.subject(told(
                        pod.workload,
                        is_it,
                        &format!("container {} {list}", container.name()),
                        &at,
                    ));
                }
            }
        }
    }
    for map in facts.graph.of_kind("ConfigMap") {
        for (key, value) in map.value["data"].as_object().into_iter().flatten() {
            let is_it = value.as_str().is_some_and(|value| is_secret(key, value));
            inspected.subject(told(map, is_it, &format!("key {key}"), &below(&path(["data"]), &[key])));
        }
    }
    inspected
}

fn told(document: &Document, is_it: bool, what: &str, at: &Path) -> Option<Finding> {
    let message = format!(
        "{} {what}: expected a reference to a Secret, seen a literal that looks like a credential",
        document.target()
    );
    is_it.then(|| Finding::at(document, at, message))
}

fn is_secret(name: &str, value: &str) -> bool {
    let plain: String = name.to_ascii_uppercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let is_literal = value.len() > 3 && !value.starts_with(['/', '$']) && !["true", "false", "none"].contains(&value);
    (is_literal && NAMES.iter().any(|end| plain.ends_with(end))) || is_known(value)
}

fn is_known(value: &str) -> bool {
    SECRETS.as_ref().is_some_and(|secrets| secrets.is_match(value))
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_house as check;

    #[test]
    fn a_password_in_the_open() {
        let told = |name: &str| {
            format!(
                "policy-credentials: deploy/shop container web env {name}: expected a reference to a Secret, seen a literal \
                 that looks like a credential\n  charts/registry/templates/deployment.yaml rendered line 25"
            )
        };
        let env = |name: &str, value: &str| format!("name: {name}\n              value: \"{value}\"");
        let was = "name: MODE\n              value: plain";
        check(was, &env("DB_PASSWORD", "hunter22"), &told("DB_PASSWORD"));
        check(was, &env("API_KEY", "abcdefgh"), &told("API_KEY"));
        check(was, &env("DB", "postgres://u:hunter22@db/x"), &told("DB"));
        for (name, value) in [
            ("DB_PASSWORD_FILE", "/run/secret"),
            ("DB_PASSWORD", "$(OTHER)"),
            ("TOKEN_TTL", "3600"),
            ("DB_PASSWORD", ""),
        ] {
            check(was, &env(name, value), "");
        }
        check(
            "MODE: fast",
            "session.secret: not-so-secret",
            "policy-credentials: cm/shop-config key session.secret: expected a reference to a Secret, seen a literal that looks \
             like a credential\n  charts/registry/templates/config.yaml rendered line 43",
        );
    }
}
