//! What took how long: `timings.jsonl`, one line for each longer piece of work and each verdict, written when it ends.

use super::Evidence;
use crate::events::Events;
use jiff::Timestamp;
use seatrial_observation::Event;
use serde::Serialize;
use std::io::Write;

/// The file, beside `argv.jsonl`.
const FILE: &str = "timings.jsonl";

/// One line. Messages stay out of it: here only time counts.
#[derive(Debug, PartialEq, Serialize)]
struct Line<'a> {
    /// When it ended, wall clock, RFC 3339.
    at: String,
    /// The process that did it: several share a run.
    pid: u32,
    /// A piece of work, or a slot's id.
    what: &'a str,
    /// `done`, `failed`, or the verdict.
    came: &'a str,
    /// How long it took.
    seconds: f64,
}

impl Evidence {
    /// Passes events on and writes down those that tell a time.
    pub(crate) fn timed(&self, events: Events) -> Events {
        let path = self.root.join(FILE);
        Events::to(move |event| {
            if let Some(line) = line(&event, Timestamp::now()) {
                append(&path, &line);
            }
            events.emit(event);
        })
    }
}

fn line(event: &Event, at: Timestamp) -> Option<Line<'_>> {
    let (what, came, seconds) = match event {
        Event::Finished { what, seconds } => (what, "done", *seconds),
        Event::Failed { what, seconds, .. } => (what, "failed", *seconds),
        Event::Judged { slot, verdict, seconds, .. } => (slot, verdict.as_str(), *seconds),
        _ => return None,
    };
    Some(Line { at: at.to_string(), pid: std::process::id(), what, came, seconds })
}

/// One write a line, so that lines of several processes don't mix; evidence that can't be written breaks no run.
fn append(path: &camino::Utf8Path, line: &Line<'_>) {
    let Ok(mut text) = serde_json::to_vec(line) else { return };
    text.push(b'\n');
    if let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(path) {
        let _ = file.write_all(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8Path;

    #[test]
    fn work_and_verdicts_leave_a_line_and_are_passed_on() {
        let dir = tempfile::tempdir().expect("dir");
        let dir = Utf8Path::from_path(dir.path()).expect("utf8");
        let complaint = super::super::Complaint::new(&Events::none());
        let evidence = Evidence {
            root: dir.to_owned(),
            redactor: std::sync::Arc::default(),
            complaint,
            chart_keys: std::sync::Arc::default(),
        };
        let (sender, heard) = std::sync::mpsc::channel();
        let events = evidence.timed(Events::to(move |event| drop(sender.send(event))));
        events.emit(Event::Started { what: "cluster x".to_owned() });
        events.emit(Event::Failed { what: "cluster x".to_owned(), message: "secret".to_owned(), seconds: 1.5 });
        let (slot, verdict) = ("c::dev::ready".to_owned(), "pass".to_owned());
        events.emit(Event::Judged { slot, verdict, line: String::new(), seconds: 0.25 });
        assert_eq!(heard.try_iter().count(), 3);
        let written = std::fs::read_to_string(dir.join(FILE)).expect("lines");
        let lines: Vec<serde_json::Value> =
            written.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let told = |line: &serde_json::Value| format!("{} {} {}", line["what"], line["came"], line["seconds"]);
        let told: Vec<String> = lines.iter().map(told).collect();
        assert_eq!(told, [r#""cluster x" "failed" 1.5"#, r#""c::dev::ready" "pass" 0.25"#]);
        assert!(lines[0]["at"].as_str().is_some_and(|at| at.parse::<Timestamp>().is_ok()), "{written}");
        assert!(!written.contains("secret"));
    }
}
