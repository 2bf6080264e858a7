//! The record of all commands of this process: JSON lines, a part of the evidence.

use super::finished::{Finished, TAIL, tail};
use camino::Utf8PathBuf;
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

type Redactor = Arc<dyn Fn(&str) -> String + Send + Sync>;

struct Sink {
    path: Option<Utf8PathBuf>,
    redact: Option<Redactor>,
}

static SINK: Mutex<Sink> = Mutex::new(Sink { path: None, redact: None });

#[derive(Serialize)]
struct Line<'a> {
    /// When it ended, wall clock, RFC 3339.
    at: String,
    /// The process that ran it: several share a run.
    pid: u32,
    argv: Vec<String>,
    cwd: Option<&'a str>,
    seconds: f64,
    code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    stdout: String,
    stderr: String,
}

/// From now on each finished command adds one JSON line to this file.
pub fn record_to(path: Utf8PathBuf) {
    SINK.lock().unwrap_or_else(PoisonError::into_inner).path = Some(path);
}

/// From now on what commands printed passes this before it is recorded.
pub fn redact_by(redact: impl Fn(&str) -> String + Send + Sync + 'static) {
    SINK.lock().unwrap_or_else(PoisonError::into_inner).redact = Some(Arc::new(redact));
}

/// Adds the line; evidence that can't be written never breaks a run.
pub(super) fn write(finished: &Finished, is_private: bool, note: Option<&str>) {
    let sink = SINK.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(path) = &sink.path else { return };
    let line = line(finished, is_private, note, sink.redact.as_ref());
    let Ok(mut text) = serde_json::to_vec(&line) else { return };
    text.push(b'\n');
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path) {
        let _ = file.write_all(&text);
    }
}

fn line<'a>(finished: &'a Finished, is_private: bool, note: Option<&'a str>, redact: Option<&Redactor>) -> Line<'a> {
    let clean = |text: &str| redact.map_or_else(|| text.to_owned(), |redact| redact(text));
    // Redact first, cut then: half of a secret is no longer recognised.
    let printed = |text: &str| {
        if is_private { format!("<{} bytes, not recorded>", text.len()) } else { tail(&clean(text), TAIL).to_owned() }
    };
    Line {
        at: jiff::Timestamp::now().to_string(),
        pid: std::process::id(),
        argv: finished.argv.iter().map(|word| clean(word)).collect(),
        cwd: finished.cwd.as_deref(),
        seconds: finished.seconds,
        code: finished.code,
        note,
        stdout: printed(&finished.stdout),
        stderr: printed(&finished.stderr),
    }
}
