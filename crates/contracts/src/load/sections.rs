//! The sections of a contract around its clauses: parsed one by one, so that a mistake in one hides none in another.

use super::check_word::read;
use super::cluster;
use super::contract_file::{ClusterFile, EnvironmentFile, ReleaseFile, TimeoutsFile};
use super::findings::Findings;
use super::limits;
use super::scalars::{duration, set_keys};
use crate::diagnostic::{Diagnostic, child, hint};
use crate::model::{ClusterSpec, Environment, Packs, ReleaseSpec, Repository, Timeouts};
use crate::plan::defaults;
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// The root of a file, and the pointers that the schema refused.
pub(super) struct Sections<'a> {
    pub(super) root: &'a Value,
    pub(super) refused: &'a [String],
}

impl Sections<'_> {
    /// Whether the schema found no mistake in this subtree.
    pub(super) fn is_sound(&self, at: &str) -> bool {
        let is_below = |pointer: &String| pointer.strip_prefix(at).is_some_and(|r| r.is_empty() || r.starts_with('/'));
        !self.refused.iter().any(is_below)
    }

    pub(super) fn read<T: DeserializeOwned>(&self, at: &str, found: &mut Findings<'_>) -> Option<T> {
        let value = self.root.pointer(at).filter(|_| self.is_sound(at))?;
        read(value, at, found)
    }

    pub(super) fn release(&self, found: &mut Findings<'_>) -> ReleaseSpec {
        let file: ReleaseFile = self.read("/release", found).unwrap_or_default();
        for (key, name) in [("name", &file.name), ("namespace", &file.namespace)] {
            if let Some(name) = name {
                label(name, &child("/release", key), found);
            }
        }
        let pod_security = file.pod_security.map(|level| level.word().to_owned());
        ReleaseSpec { name: file.name, namespace: file.namespace, pod_security }
    }

    /// All names that are written, those with mistakes too: a clause that names one is not wrong for it.
    pub(super) fn environments(&self, found: &mut Findings<'_>) -> IndexMap<String, Environment> {
        let written = self.root.get("environments").and_then(Value::as_object);
        let names = written.into_iter().flatten().map(|(name, _)| name);
        let mut environments: IndexMap<_, _> =
            names.map(|name| (name.clone(), self.environment(name, found))).collect();
        if environments.is_empty() {
            environments.insert("default".to_owned(), Environment::default());
        }
        environments
    }

    fn environment(&self, name: &str, found: &mut Findings<'_>) -> Environment {
        let at = child("/environments", name);
        word(name, &at, found);
        let file: EnvironmentFile = self.read(&at, found).unwrap_or_default();
        no_references(self.root.pointer(&at), &at, found);
        set_keys(file.set.keys(), &child(&at, "set"), found);
        set_keys(file.trial.keys(), &child(&at, "trial"), found);
        let set = file.set.into_iter().chain(file.trial.clone()).collect();
        Environment { values: file.values, set, trial: file.trial, up_to: file.up_to.map(Into::into) }
    }

    pub(super) fn cluster(&self, found: &mut Findings<'_>) -> Option<ClusterSpec> {
        let file: ClusterFile = self.read("/cluster", found)?;
        Some(cluster::spec(file, found))
    }

    /// Those of the contract, else those of the repository, else the usual ones.
    pub(super) fn timeouts(&self, around: Option<&Repository>, found: &mut Findings<'_>) -> Timeouts {
        let (ready, clause) = self.written_timeouts(found);
        let usual = Timeouts::default();
        Timeouts {
            ready: ready.or(around.and_then(|around| around.ready)).unwrap_or(usual.ready),
            clause: clause.or(around.and_then(|around| around.clause)).unwrap_or(usual.clause),
        }
    }

    /// `ready` and `clause`, where they are written.
    pub(super) fn written_timeouts(&self, found: &mut Findings<'_>) -> (Option<Duration>, Option<Duration>) {
        let file: TimeoutsFile = self.read("/timeouts", found).unwrap_or_default();
        let ready = file.ready.and_then(|text| duration(&text, "/timeouts/ready", found));
        let clause = file.clause.and_then(|text| duration(&text, "/timeouts/clause", found));
        (ready, clause)
    }

    pub(super) fn without(&self, packs: &Packs, found: &mut Findings<'_>) -> IndexMap<String, String> {
        let reasons: IndexMap<String, String> = self.read("/without", found).unwrap_or_default();
        let shared = packs.values().flat_map(|pack| pack.clauses.keys().map(|clause| pack.clause_name(clause)));
        let shared: Vec<String> = shared.collect();
        for (name, reason) in &reasons {
            default_name(name, &shared, &child("/without", name), found);
            if reason.trim().is_empty() {
                let hint = Some("say why the default clause is wrong for this chart".to_owned());
                found.value(&child("/without", name), "no-reason", format!("no reason for `{name}`"), hint);
            }
        }
        reasons
    }
}

fn default_name(name: &str, shared: &[String], at: &str, found: &mut Findings<'_>) {
    let known = || defaults().into_iter().chain(shared.iter().map(String::as_str));
    if !known().any(|one| one == name) {
        let hint = hint(name, known().collect::<Vec<_>>());
        found.key(at, "unknown-default", format!("`{name}` is neither a default clause nor one of a pack"), hint);
    }
}

/// By file, line and column; a mistake that several elements share is told once.
pub(super) fn in_order(mut mistakes: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let place = |one: &Diagnostic| (one.file.clone(), one.line, one.column, one.code, one.message.clone());
    mistakes.sort_by_key(place);
    mistakes.dedup();
    limits::told(mistakes)
}

/// The name of a clause or an environment: it is part of a test's name and of a namespace's.
pub(super) fn word(name: &str, at: &str, found: &mut Findings<'_>) {
    let is_word = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.ends_with('-')
        && name.len() <= 63;
    if !is_word {
        let hint = Some("lower case letters, digits and `-`: it becomes the name of a test".to_owned());
        found.key(at, "bad-name", format!("`{name}` is no name"), hint);
    }
}

pub(super) fn label(name: &str, at: &str, found: &mut Findings<'_>) {
    let is_label = !name.is_empty()
        && name.len() <= 63
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    if !is_label {
        let hint = Some("lower case letters, digits and `-` (RFC 1123)".to_owned());
        found.value(at, "bad-name", format!("`{name}` is no name that Kubernetes takes"), hint);
    }
}

/// References are looked up in clauses only.
fn no_references(value: Option<&Value>, at: &str, found: &mut Findings<'_>) {
    match value {
        Some(Value::String(text)) if text.contains("$(") => {
            let hint = Some("write the value itself".to_owned());
            found.value(at, "misplaced-reference", "references are looked up in clauses only", hint);
        }
        Some(Value::Array(items)) => {
            for (i, item) in items.iter().enumerate() {
                no_references(Some(item), &format!("{at}/{i}"), found);
            }
        }
        Some(Value::Object(entries)) => {
            for (key, item) in entries {
                no_references(Some(item), &child(at, key), found);
            }
        }
        _ => {}
    }
}
