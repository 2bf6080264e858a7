//! Structured log lines on standard output: one JSON object a line, the fixed fields first.

use serde_json::{Map, Value};
use std::io::Write;

/// Writes one line; a reader that went away is no failure of the program.
pub fn event(level: Level, name: &str, fields: &Value) {
    let line = line(&jiff::Timestamp::now().to_string(), level, name, fields);
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Info,
    /// Not as it should be, and the program goes on.
    Warn,
    /// The program ends.
    Error,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

fn line(timestamp: &str, level: Level, name: &str, fields: &Value) -> String {
    let mut line = Map::new();
    line.insert("timestamp".to_owned(), timestamp.into());
    line.insert("level".to_owned(), level.word().into());
    line.insert("event".to_owned(), name.into());
    for (key, value) in fields.as_object().into_iter().flatten() {
        line.insert(key.clone(), value.clone());
    }
    Value::Object(line).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_is_one_object_and_one_line() {
        let line = line("2026-01-02T03:04:05Z", Level::Warn, "registry", &json!({ "reason": "two\nlines" }));
        assert_eq!(
            line,
            r#"{"timestamp":"2026-01-02T03:04:05Z","level":"warn","event":"registry","reason":"two\nlines"}"#
        );
    }
}
