//! The configuration that our engine is started with: the user's, if there is
//! one, and our runtime. The user's file is never written.

use camino::Utf8Path;
use serde_json::{Map, Value, json};

/// The text of daemon.json.
pub(super) fn daemon_json(users: Option<&str>, wrapper: Option<&Utf8Path>) -> String {
    let mut config: Map<String, Value> = users.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    if let Some(path) = wrapper {
        let runtimes = config.entry("runtimes").or_insert_with(|| json!({}));
        runtimes[super::runtime::NAME] = json!({ "path": path });
        config.insert("default-runtime".to_owned(), json!(super::runtime::NAME));
    }
    config.entry("log-driver").or_insert_with(|| json!("json-file"));
    if config["log-driver"] == "json-file" {
        config.entry("log-opts").or_insert_with(|| json!({ "max-size": "10m", "max-file": "3" }));
    }
    Value::Object(config).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(users: Option<&str>, wrapper: Option<&str>, expected: &Value) {
        let text = daemon_json(users, wrapper.map(Utf8Path::new));
        assert_eq!(serde_json::from_str::<Value>(&text).expect("json"), *expected);
    }

    #[test]
    fn a_whole_host_gets_no_runtime_of_ours() {
        let log_opts = json!({ "max-size": "10m", "max-file": "3" });
        check(None, None, &json!({ "log-driver": "json-file", "log-opts": log_opts }));
    }

    #[test]
    fn the_users_settings_stay() {
        let users = r#"{"log-driver":"local","runtimes":{"own":{"path":"/own"}},"bip":"10.9.0.1/24"}"#;
        let runtimes = json!({ "own": { "path": "/own" }, "seatrial": { "path": "/w" } });
        let expected = json!({
            "log-driver": "local", "runtimes": runtimes, "bip": "10.9.0.1/24", "default-runtime": "seatrial",
        });
        check(Some(users), Some("/w"), &expected);
    }
}
