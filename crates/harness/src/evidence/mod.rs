//! Evidence: what a person needs to understand a verdict, written while the run goes on, bounded, and without any
//! value of a Secret. It never changes a verdict: what can't be written or asked is left out.
//!
//! ```text
//! target/seatrial/<run>/argv.jsonl                      every command, with the moment of its end
//!                       timings.jsonl                   what took how long
//!                       <chart>/<environment>/          events, pods, logs, Secrets as lengths, Helm's words
//!                                     streams/          what each container said while somebody looked
//!                                     observations/     the record of each clause, from which its verdict follows
//! target/seatrial/latest -> <run>
//! target/seatrial/verdicts/<chart>-<key>/               the last verdict of each slot on that content of the chart
//! ```

mod collect;
mod follow;
mod secrets;
mod stream_file;
mod timings;

pub(crate) use secrets::masked;

use crate::cache::Key;
use crate::command::{self, Finished};
use crate::events::Events;
use crate::redact::Redactor;
use crate::release::Stage;
use crate::run_id::RunId;
use crate::state;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::{ChartPlan, Verdict};
use seatrial_observation::{CommandSeen, Observation};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Once, PoisonError, RwLock};

/// How much of a command's output goes into an observation.
const TAIL: usize = 8 << 10;

/// The evidence of one run.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    root: Utf8PathBuf,
    redactor: Arc<RwLock<Redactor>>,
    complaint: Complaint,
    /// The hash of each chart's folder, by its path.
    chart_keys: Arc<Mutex<BTreeMap<String, Key>>>,
}

/// Told once: what can't be written is left out, but not in silence.
#[derive(Clone, Debug)]
struct Complaint {
    events: Events,
    once: Arc<Once>,
}

impl Complaint {
    fn new(events: &Events) -> Self {
        Self { events: events.clone(), once: Arc::new(Once::new()) }
    }

    fn about(&self, path: &Utf8Path, refused: &std::io::Error) {
        let message = || format!("the evidence is incomplete: {path}: {refused}; free space there, or run elsewhere");
        self.once.call_once(|| self.events.warn(message()));
    }
}

impl Evidence {
    /// Opens the folder of a run and lets every command be recorded there.
    pub(crate) fn open(dir: &Utf8Path, run: &RunId, is_redacted: bool, events: &Events) -> Self {
        let root = dir.join(run.as_str());
        let redactor = if is_redacted { Redactor::default() } else { Redactor::off() };
        let (redactor, chart_keys) = (Arc::new(RwLock::new(redactor)), Arc::default());
        let evidence = Self { root, redactor, complaint: Complaint::new(events), chart_keys };
        match std::fs::create_dir_all(&evidence.root) {
            Ok(()) => evidence.record_commands(dir, run),
            Err(refused) => evidence.complaint.about(&evidence.root, &refused),
        }
        evidence
    }

    fn record_commands(&self, dir: &Utf8Path, run: &RunId) {
        link_latest(dir, run);
        command::record_to(self.root.join("argv.jsonl"));
        let of_commands = self.clone();
        command::redact_by(move |text| of_commands.clean(text));
    }

    /// The folder of an environment.
    pub(crate) fn folder(&self, stage: &Stage<'_>) -> Utf8PathBuf {
        self.root.join(&stage.chart.chart).join(&stage.environment.name)
    }

    /// The text without any value of a known Secret.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.redactor.read().unwrap_or_else(PoisonError::into_inner).clean(text)
    }

    /// From now on the values of these Secrets are taken out.
    pub(crate) fn learn_rendered(&self, objects: &[Value]) {
        let values = secrets::values(objects);
        let mut redactor = self.redactor.write().unwrap_or_else(PoisonError::into_inner);
        redactor.learn(values.iter().map(Vec::as_slice));
    }

    /// How a command ended, redacted and bounded.
    pub(crate) fn command_seen(&self, finished: &Finished) -> CommandSeen {
        let tail = |text: &str| end_of(&self.clean(text)).to_owned();
        CommandSeen {
            argv: finished.argv.iter().map(|word| self.clean(word)).collect(),
            code: finished.code,
            stdout: tail(&finished.stdout),
            stderr: tail(&finished.stderr),
            seconds: finished.seconds,
            report: None,
        }
    }

    /// The same observation without any value of a known Secret.
    pub(crate) fn clean_observation(&self, observation: Observation) -> Observation {
        let clean = self.redactor.read().unwrap_or_else(PoisonError::into_inner).clean_typed(&observation);
        clean.unwrap_or_else(|| Observation {
            clock: observation.clock,
            unlooked: Some(seatrial_observation::Reason::new("the observation could not be redacted")),
            ..Observation::default()
        })
    }

    /// Keeps the record of a clause.
    pub(crate) fn keep(&self, stage: &Stage<'_>, clause: &str, observation: &Observation) {
        let file: String = clause.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let path = self.folder(stage).join("observations").join(format!("{}.json", file.trim_end_matches('-')));
        self.write_clean(&path, &self.clean_observation(observation.clone()));
    }

    /// Keeps a verdict for whoever asks what the last run came to (`seatrial trace`).
    pub(crate) fn keep_verdict(&self, stage: &Stage<'_>, verdict: &Verdict) {
        let dir = self.root.parent().unwrap_or(&self.root);
        let path = crate::trace::verdict_place(dir, stage.chart, &self.chart_key(stage.chart), &verdict.id);
        let clean = self.redactor.read().unwrap_or_else(PoisonError::into_inner).clean_typed(verdict);
        if let Some(clean) = clean
            && crate::trace::is_news(&path, verdict)
        {
            self.write_clean(&path, &Verdict { id: verdict.id.clone(), ..clean });
        }
    }

    /// A chart is read once a run.
    fn chart_key(&self, chart: &ChartPlan) -> Key {
        let mut keys = self.chart_keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.entry(chart.path.clone()).or_insert_with(|| crate::trace::chart_key(chart)).clone()
    }

    /// Writes a text, redacted once more: half of it never shows.
    fn write(&self, path: &Utf8Path, text: &str) {
        self.write_as_it_is(path, &self.clean(text));
    }

    /// Writes what was redacted by its type: a second time, as text, would break numbers and words of ours.
    fn write_clean(&self, path: &Utf8Path, clean: &impl serde::Serialize) {
        self.write_as_it_is(path, &serde_json::to_string_pretty(clean).unwrap_or_default());
    }

    fn write_as_it_is(&self, path: &Utf8Path, text: &str) {
        // A full disk or a missing right must not change a verdict.
        if let Err(refused) = state::write_private(path, text.as_bytes()) {
            self.complaint.about(path, &refused);
        }
    }
}

fn end_of(text: &str) -> &str {
    let mut start = text.len().saturating_sub(TAIL);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// `latest` leads to the newest run; made beside and renamed, so it is never missing.
fn link_latest(dir: &Utf8Path, run: &RunId) {
    let draft = dir.join(format!(".latest-{run}-{}", std::process::id()));
    if std::os::unix::fs::symlink(run.as_str(), &draft).is_ok() && std::fs::rename(&draft, dir.join("latest")).is_err()
    {
        let _ = std::fs::remove_file(&draft);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::REDACTED;
    use seatrial_observation::Reason;
    use serde_json::json;

    fn evidence(is_redacted: bool) -> Evidence {
        let redactor = if is_redacted { Redactor::default() } else { Redactor::off() };
        let (root, complaint) = (Utf8PathBuf::from("nowhere"), Complaint::new(&Events::none()));
        Evidence { root, redactor: Arc::new(RwLock::new(redactor)), complaint, chart_keys: Arc::default() }
    }

    fn record(is_redacted: bool) -> String {
        let evidence = evidence(is_redacted);
        let secret = json!({ "kind": "Secret", "metadata": { "name": "s" }, "stringData": { "key": "sen\"tinel" } });
        evidence.learn_rendered(&[secret]);
        let reason = Some(Reason::new("begin sen\"tinel end"));
        let observation = Observation { unlooked: reason, ..Observation::default() };
        evidence.clean_observation(observation).unlooked.expect("kept").message
    }

    #[test]
    fn a_record_holds_no_secret_and_what_is_around_it() {
        assert_eq!(record(true), format!("begin {REDACTED} end"));
    }

    #[test]
    fn without_redaction_it_would() {
        assert_eq!(record(false), "begin sen\"tinel end");
    }

    #[test]
    fn what_cannot_be_written_is_told_once() {
        let heard = Arc::new(RwLock::new(Vec::new()));
        let listener = heard.clone();
        let events = Events::to(move |event| listener.write().expect("lock").push(format!("{event:?}")));
        let dir = tempfile::tempdir().expect("dir");
        let file = Utf8Path::from_path(dir.path()).expect("utf8").join("file");
        std::fs::write(&file, "no folder").expect("write");
        let evidence = Evidence::open(&file, &RunId::of("aaaaaaaa"), true, &events);
        evidence.write(&file.join("more"), "text");
        let heard = heard.read().expect("lock");
        assert!(heard.len() == 1 && heard[0].contains("the evidence is incomplete"), "{heard:?}");
    }

    #[test]
    fn latest_leads_to_the_newest_run() {
        let dir = tempfile::tempdir().expect("dir");
        let dir = Utf8Path::from_path(dir.path()).expect("utf8");
        link_latest(dir, &RunId::of("aaaaaaaa"));
        link_latest(dir, &RunId::of("bbbbbbbb"));
        assert_eq!(std::fs::read_link(dir.join("latest")).expect("link").to_str(), Some("bbbbbbbb"));
    }
}
