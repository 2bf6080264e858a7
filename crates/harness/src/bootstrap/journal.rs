//! The log of the steps of `up`, one JSON line each, and the record that goes with it: each change of a state is
//! written to both before the next step begins.

use super::{Record, RecordError, States, record};
use crate::command;
use crate::events::Events;
use crate::run_id::RunId;
use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use seatrial_observation::Event;
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::Write;

/// The record of an `up` under way, and its log.
#[derive(Debug)]
pub struct Journal {
    /// The record as it was written last.
    pub record: Record,
    log: Utf8PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a, T> {
    at: Timestamp,
    run: String,
    #[serde(flatten)]
    what: &'a T,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "states", rename_all = "camelCase")]
struct Changed<'a> {
    name: &'a str,
    mode: super::Mode,
    #[serde(flatten)]
    states: States,
}

impl Journal {
    /// Begins the log in the run's folder of the evidence (`target/seatrial/<run>/up.jsonl`), beside the record of all
    /// commands. What an earlier record of this name remembers (logs, data) is remembered on.
    pub fn open(mut record: Record, evidence: &Utf8Path) -> Result<Self, RecordError> {
        let folder = evidence.join(RunId::current().as_str());
        if let Some(earlier) = record::read(&record.name)? {
            record.logs = earlier.logs;
            record.states = if is_kept(&record.name) { earlier.states } else { earlier.states.gone() };
        }
        // Evidence that can't be written breaks no `up`.
        if std::fs::create_dir_all(&folder).is_ok() {
            command::record_to(folder.join("argv.jsonl"));
            if !record.logs.contains(&folder) {
                record.logs.push(folder.clone());
            }
        }
        Ok(Self { record, log: folder.join("up.jsonl") })
    }

    /// Where the log is.
    pub fn path(&self) -> &Utf8Path {
        &self.log
    }

    /// Changes states, in the record and in the log.
    pub fn change(&mut self, change: impl FnOnce(&mut States)) -> Result<(), RecordError> {
        change(&mut self.record.states);
        let Record { name, mode, states, .. } = &self.record;
        append(&self.log, &Changed { name, mode: *mode, states: *states });
        record::write(&self.record)
    }

    /// Whatever was under way has failed; gives the states it stopped in.
    pub fn stop(&mut self) -> States {
        // What stopped it is told anyway.
        let _ = self.change(|states| *states = states.failed());
        self.record.states
    }

    /// What is told to these events goes into the log, too.
    pub fn events(&self, events: &Events) -> Events {
        let (log, events) = (self.log.clone(), events.clone());
        Events::to(move |event: Event| {
            append(&log, &event);
            events.emit(event);
        })
    }
}

/// Whether an earlier `up` came to its end and was not taken down.
fn is_kept(name: &str) -> bool {
    crate::lease::leases().into_iter().flatten().any(|lease| lease.is_kept && lease.cluster == name)
}

fn append<T: Serialize>(log: &Utf8Path, what: &T) {
    let line = Line { at: Timestamp::now(), run: RunId::current().to_string(), what };
    let Ok(mut text) = serde_json::to_vec(&line) else { return };
    text.push(b'\n');
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(log) {
        let _ = file.write_all(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrap::State;

    #[test]
    fn a_line_says_when_who_and_what() {
        let dir = tempfile::tempdir().expect("dir");
        let log = Utf8Path::from_path(dir.path()).expect("utf8").join("up.jsonl");
        append(&log, &Event::Finished { what: "cluster pallet-dev".into(), seconds: 12.5 });
        let states = States { cluster: State::Ready, ..States::default() };
        append(&log, &Changed { name: "pallet-dev", mode: crate::bootstrap::Mode::Kind, states });
        let text = std::fs::read_to_string(&log).expect("a log");
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines[0]["event"], "finished");
        assert_eq!(lines[0]["what"], "cluster pallet-dev");
        assert_eq!(
            (&lines[1]["event"], &lines[1]["cluster"], &lines[1]["data"]),
            (&"states".into(), &"ready".into(), &"absent".into())
        );
        assert!(lines.iter().all(|line| line["at"].as_str().is_some_and(|at| at.parse::<Timestamp>().is_ok())));
    }
}
