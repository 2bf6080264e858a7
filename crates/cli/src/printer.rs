//! The only place that prints. Standard output is for machines (one JSON document), everything for people goes to
//! standard error; what is still going on is shown on a terminal only.

use crate::diagnostics;
use crate::failure::Failure;
use clap::ValueEnum;
use seatrial_observation::Event;
use serde_json::Value;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// For whom is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, on standard error.
    #[default]
    Text,
    /// For machines, on standard output.
    Json,
}

/// Prints; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Printer {
    format: Format,
    has_colour: bool,
    is_terminal: bool,
    /// Whether the last line on the terminal is one of work in progress, to be wiped by the next.
    has_status: Arc<Mutex<bool>>,
}

impl Printer {
    /// A printer for this process.
    pub(crate) fn new(format: Format) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let has_colour = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { format, has_colour, is_terminal, has_status: Arc::default() }
    }

    /// Whether texts for people may be coloured.
    pub(crate) fn has_colour(&self) -> bool {
        self.has_colour
    }

    /// Whether the answer is wanted as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// The answer of a command: `value` for machines, else `text` for people.
    pub(crate) fn answer(&self, value: &Value, text: impl FnOnce() -> String) {
        match self.format {
            Format::Json => Self::document(value),
            Format::Text => self.line(&text()),
        }
    }

    /// A JSON document on standard output, whatever the format.
    pub(crate) fn document(value: &Value) {
        let mut out = std::io::stdout().lock();
        // A reader that went away (`| head`) is no failure.
        let _ = writeln!(out, "{value:#}").and_then(|()| out.flush());
    }

    /// Lines for people.
    pub(crate) fn line(&self, text: &str) {
        let mut has_status = self.has_status.lock().unwrap_or_else(PoisonError::into_inner);
        let wipe = if std::mem::take(&mut *has_status) { "\r\x1b[K" } else { "" };
        let _ = writeln!(std::io::stderr().lock(), "{wipe}{}", text.trim_end());
    }

    /// Why a command gave no answer.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.is_json() {
            Self::document(&diagnostics::json(failure));
        }
        self.mistakes(failure);
        self.error(&failure.message);
    }

    /// The mistakes of contract files.
    pub(crate) fn mistakes(&self, failure: &Failure) {
        for found in &failure.diagnostics {
            self.line(&diagnostics::text(found));
        }
    }

    /// A line that says what went wrong.
    pub(crate) fn error(&self, message: &str) {
        self.line(&format!("{} {message}", self.red("error:")));
    }

    /// What happens while a command works.
    pub(crate) fn event(&self, event: &Event) {
        match event {
            Event::Started { what } => self.status(what),
            Event::Progress { what, line } => self.status(&format!("{what}: {line}")),
            Event::Judging { slot } => self.status(slot),
            Event::Finished { what, seconds } => self.line(&self.dim(&format!("{seconds:8.2} s  {what}"))),
            Event::Failed { what, message, seconds } => {
                self.line(&format!("{seconds:8.2} s  {what} {} {message}", self.red("failed:")));
            }
            Event::Judged { .. } => {}
            Event::Warning { message } => self.line(&format!("note: {message}")),
        }
    }

    /// The beginning of long work: where there is no terminal to show it on, a line of its own.
    pub(crate) fn begun(&self, what: &str) {
        if !self.is_terminal {
            self.line(&format!("          … {what}"));
        }
    }

    /// A line of work in progress, wiped by the next.
    fn status(&self, text: &str) {
        if !self.is_terminal {
            return;
        }
        let line: String = text.lines().next().unwrap_or_default().chars().take(100).collect();
        let mut has_status = self.has_status.lock().unwrap_or_else(PoisonError::into_inner);
        *has_status = true;
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "\r\x1b[K{}", self.dim(&line)).and_then(|()| err.flush());
    }

    fn red(&self, text: &str) -> String {
        self.painted("31", text)
    }

    fn dim(&self, text: &str) -> String {
        self.painted("2", text)
    }

    fn painted(&self, code: &str, text: &str) -> String {
        if self.has_colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
