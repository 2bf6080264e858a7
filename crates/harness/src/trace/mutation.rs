//! What came of each mutation: the last trial of this checkout, else the checked-in list of those that need a cluster.

use super::TraceError;
use crate::cache::{CacheError, KeyOf, files_below};
use crate::state;
use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use seatrial_contracts::model::{ChartPlan, Level, Slot};
use seatrial_contracts::trace::{Ended, Kind, Mutation, Table, Witness};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The checked-in list, below the root: `name key`, one a line, of live mutations whose clause was seen to fail alone.
pub const LOCK: &str = "docs/mutations.lock";

const HEAD: &str =
    "# Mutations of docs/rows.yaml that need a cluster and whose clause was seen to fail, it alone: `name key`.
# The key is the hash of mutation, chart and clause: where one of them changed, the trial no longer counts.
# Written by `just mutations`.
";

/// One trial of one mutation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Its name in the table.
    pub mutation: String,
    /// The hash of all that made it, see [`key`].
    pub key: String,
    /// What came of it.
    pub outcome: Outcome,
    /// When it ended.
    pub at: Timestamp,
}

/// What came of a mutation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Precisely its clause failed, and said so.
    Killed,
    /// Nothing failed, something else did, or the cause does not say it.
    Survived(String),
}

/// Whether the files alone tell; `None` where the plan lacks the clause.
pub fn is_static(mutation: &Mutation, plan: &ChartPlan) -> Option<bool> {
    slot(mutation, plan).map(|slot| slot.level == Level::Static)
}

fn slot<'p>(mutation: &Mutation, plan: &'p ChartPlan) -> Option<&'p Slot> {
    let environment = plan.environments.iter().find(|environment| environment.name == mutation.environment)?;
    environment.slots.iter().find(|slot| slot.id.local() == mutation.breaks.clause)
}

/// The hash of a mutation, of the chart's files but its contract, and of the clause that must notice it. Another clause
/// more or less in the contract is no other trial.
pub fn key(mutation: &Mutation, plan: &ChartPlan) -> Result<String, CacheError> {
    let chart = Utf8Path::new(&plan.path);
    let clause = slot(mutation, plan).map(|slot| json(&slot.what)).unwrap_or_default();
    let mut parts = KeyOf::new().part(json(mutation)).part(clause);
    for file in files_below(chart)? {
        let name = file.strip_prefix(chart).unwrap_or(&file);
        if name != "contract.yaml" && name.extension() != Some("md") {
            parts = parts.part(name.as_str()).part(std::fs::read(&file).map_err(CacheError::at(&file))?);
        }
    }
    Ok(parts.key().to_string())
}

/// Without what is left out in the contract: a word that the language learns later is no change of old clauses.
fn json(value: &impl Serialize) -> String {
    serde_json::to_value(value).map(|value| said(value).to_string()).unwrap_or_default()
}

fn said(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (key, said(value)));
            Value::Object(fields.filter(|(_, value)| !is_nothing(value)).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(said).collect()),
        other => other,
    }
}

fn is_nothing(value: &Value) -> bool {
    let is_empty =
        value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty);
    value.is_null() || is_empty || *value == Value::Bool(false)
}

/// Keeps a trial below the root.
pub fn keep(root: &Utf8Path, trial: &Trial) -> Result<(), TraceError> {
    let path = folder(root).join(format!("{}.json", trial.mutation));
    let text = serde_json::to_string_pretty(trial).unwrap_or_default();
    state::write_private(&path, text.as_bytes()).map_err(TraceError::at(&path))
}

fn folder(root: &Utf8Path) -> Utf8PathBuf {
    root.join("target/seatrial/mutations")
}

/// The last trials of this checkout, by the names of the mutations.
pub fn trials(root: &Utf8Path) -> BTreeMap<String, Trial> {
    let files = folder(root).read_dir_utf8().into_iter().flatten().flatten();
    let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
    let read = texts.filter_map(|text| serde_json::from_str::<Trial>(&text).ok());
    read.map(|trial| (trial.mutation.clone(), trial)).collect()
}

/// Writes the checked-in list of these names and keys.
pub fn lock(root: &Utf8Path, keys: &BTreeMap<String, String>) -> Result<(), TraceError> {
    let text = keys.iter().fold(HEAD.to_owned(), |text, (name, key)| format!("{text}{name} {key}\n"));
    let path = root.join(LOCK);
    std::fs::write(&path, text).map_err(TraceError::at(&path))
}

/// The checked-in list: name → key.
pub fn locked(root: &Utf8Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root.join(LOCK)).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
    lines.map(|(name, key)| (name.to_owned(), key.trim().to_owned())).collect()
}

/// What is known of every mutation of the table.
pub(super) fn witnesses(
    root: &Utf8Path,
    table: &Table,
    plans: &[ChartPlan],
) -> Result<BTreeMap<String, Witness>, TraceError> {
    let (trials, locked) = (trials(root), locked(root));
    let mut all = BTreeMap::new();
    for (name, mutation) in &table.mutations {
        let Some(plan) = plans.iter().find(|plan| plan.chart == mutation.chart) else { continue };
        let (result, detail) = known(&key(mutation, plan)?, trials.get(name), locked.get(name));
        let detail = Some(detail).filter(|detail| !detail.is_empty());
        all.insert(name.clone(), Witness { kind: Kind::Mutation, name: name.clone(), result, detail });
    }
    Ok(all)
}

/// The last trial counts, then the list; neither if chart, clause or mutation were others then.
fn known(key: &str, trial: Option<&Trial>, locked: Option<&String>) -> (Ended, String) {
    match trial.filter(|trial| trial.key == key).map(|trial| &trial.outcome) {
        Some(Outcome::Killed) => (Ended::Killed, String::new()),
        Some(Outcome::Survived(what)) => (Ended::Survived, what.clone()),
        None if locked.is_some_and(|locked| locked == key) => (Ended::Killed, format!("by {LOCK}")),
        None if trial.is_some() || locked.is_some() => {
            (Ended::Unknown, "chart, clause or mutation changed since its last trial".to_owned())
        }
        None => (Ended::Unknown, "no trial is recorded".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(trial: Option<(&str, Outcome)>, locked: Option<&str>, expected: Ended) {
        let (mutation, at) = ("m".to_owned(), Timestamp::UNIX_EPOCH);
        let trial = trial.map(|(key, outcome)| Trial { mutation, key: key.to_owned(), outcome, at });
        assert_eq!(known("now", trial.as_ref(), locked.map(str::to_owned).as_ref()).0, expected);
    }

    #[test]
    fn a_trial_of_something_else_is_none() {
        check(Some(("now", Outcome::Killed)), None, Ended::Killed);
        check(Some(("now", Outcome::Survived("nothing failed".into()))), Some("now"), Ended::Survived);
        check(Some(("then", Outcome::Killed)), None, Ended::Unknown);
        check(Some(("then", Outcome::Survived(String::new()))), Some("now"), Ended::Killed);
        check(None, Some("now"), Ended::Killed);
        check(None, Some("then"), Ended::Unknown);
        check(None, None, Ended::Unknown);
    }

    #[test]
    fn what_is_left_out_is_no_part_of_a_clause() {
        let old = serde_json::json!({ "check": { "run": ["x"] }, "within": 5 });
        let new =
            serde_json::json!({ "check": { "run": ["x"], "more": {} }, "within": 5, "repeat": null, "is": false });
        assert_eq!(json(&old), json(&new));
        assert_ne!(json(&old), json(&serde_json::json!({ "check": { "run": ["x"] }, "within": 6 })));
    }

    #[test]
    fn trials_and_the_list_are_read_as_written() {
        let dir = tempfile::tempdir().expect("dir");
        let root = Utf8Path::from_path(dir.path()).expect("utf-8");
        std::fs::create_dir_all(root.join("docs")).expect("docs");
        let (key, at) = ("k".to_owned(), Timestamp::UNIX_EPOCH);
        let trial = Trial { mutation: "m".into(), key, outcome: Outcome::Survived("x".into()), at };
        keep(root, &trial).expect("kept");
        assert_eq!(trials(root).get("m"), Some(&trial));
        let keys = BTreeMap::from([("m".to_owned(), "k".to_owned())]);
        lock(root, &keys).expect("written");
        assert_eq!(locked(root), keys);
    }
}
