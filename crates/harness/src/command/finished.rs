//! A command that has ended, with all that it printed.

use serde::Serialize;

/// How many bytes of output go into messages and records.
pub(super) const TAIL: usize = 4 << 10;

/// A command that ran to its end, well or not.
#[derive(Debug, Clone, Serialize)]
pub struct Finished {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Where it ran, if that was asked for.
    pub cwd: Option<String>,
    /// How long it took.
    pub seconds: f64,
    /// Its exit code, `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed (the last 16 MiB).
    pub stdout: String,
    /// What it printed as errors (the last 16 MiB).
    pub stderr: String,
}

impl Finished {
    /// Whether it ended with exit code 0.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.code == Some(0)
    }

    /// The end of its error output, or of its output if that is empty.
    #[must_use]
    pub fn tail(&self) -> &str {
        let errors = self.stderr.trim();
        let text = if errors.is_empty() { self.stdout.trim() } else { errors };
        tail(text, TAIL)
    }

    /// Its output without the white space around it.
    #[must_use]
    pub fn text(&self) -> &str {
        self.stdout.trim()
    }
}

/// The last bytes of a text, cut where a character begins.
pub(super) fn tail(text: &str, bytes: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}
