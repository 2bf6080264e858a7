//! Structured log lines on standard output: one JSON object a line, the fixed fields first.

use serde_json::{Map, Value};
use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering};

/// The least grave level that is written.
static SHOWN: AtomicU8 = AtomicU8::new(Level::Info as u8);

/// From now on only what is at least as grave as this is written.
pub fn show_from(level: Level) {
    SHOWN.store(level as u8, Ordering::Relaxed);
}

/// Writes one line; a reader that went away is no failure of the program.
pub fn event(level: Level, name: &str, fields: &Value) {
    if (level as u8) < SHOWN.load(Ordering::Relaxed) {
        return;
    }
    let line = line(&jiff::Timestamp::now().to_string(), level, name, fields);
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Level {
    /// What helps only whoever looks for a mistake.
    Debug,
    /// As it should be.
    Info,
    /// Not as it should be, and the program goes on.
    Warn,
    /// The program ends.
    Error,
}

impl Level {
    const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// The level of this word, in small or large letters; there is nothing below debug.
    pub fn of(word: &str) -> Option<Self> {
        let word = if word.eq_ignore_ascii_case("trace") { "debug" } else { word };
        Self::ALL.into_iter().find(|level| level.word().eq_ignore_ascii_case(word))
    }

    fn word(self) -> &'static str {
        match self {
            Self::Debug => "debug",
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
    fn a_level_is_known_by_its_word() {
        assert_eq!(["debug", "INFO", "Warn", "error"].map(Level::of), Level::ALL.map(Some));
        assert_eq!((Level::of("trace"), Level::of("loud")), (Some(Level::Debug), None));
    }

    #[test]
    fn a_line_is_one_object_and_one_line() {
        let line = line("2026-01-02T03:04:05Z", Level::Warn, "registry", &json!({ "reason": "two\nlines" }));
        assert_eq!(
            line,
            r#"{"timestamp":"2026-01-02T03:04:05Z","level":"warn","event":"registry","reason":"two\nlines"}"#
        );
    }
}
