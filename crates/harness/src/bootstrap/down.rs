//! Removing what `up` made: always what runs, logs and data only when asked.

use super::{DataState, Mode, Record, RecordError, record};
use crate::cluster::remove_named;
use crate::events::Events;
use crate::reaper::ReapError;
use crate::state;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use thiserror::Error;

/// What is to go besides what runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clean {
    /// Logs and evidence.
    pub logs: bool,
    /// The data on the host.
    pub data: bool,
}

/// What was removed, and what is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Downed {
    /// The name.
    pub name: String,
    /// Whether something stood.
    pub stood: bool,
    /// The folders of logs that were removed.
    pub logs: Vec<Utf8PathBuf>,
    /// The folder of data that was removed.
    pub data: Option<Utf8PathBuf>,
    /// The folder of data that is left.
    pub kept: Option<Utf8PathBuf>,
}

/// Why something is left (exit code 31).
#[derive(Debug, Error)]
pub enum DownError {
    /// What runs.
    #[error(transparent)]
    Reap(#[from] ReapError),
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Logs or data.
    #[error("{path} can't be removed: {source}; remove it with `sudo rm -r {path}`")]
    Folder {
        /// The folder.
        path: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// Removes what stands under this name, then what else is to go.
pub async fn down(name: &str, clean: Clean, events: &Events) -> Result<Downed, DownError> {
    let stood = remove_named(name, events).await?;
    // Also where nothing stood: an `up` may have failed before it made anything.
    forget_standing(name)?;
    let mut downed = Downed { name: name.to_owned(), stood, logs: Vec::new(), data: None, kept: None };
    let Some(mut record) = record::read(name)? else { return Ok(downed) };
    if clean.logs {
        downed.logs = std::mem::take(&mut record.logs);
        downed.logs.iter().try_for_each(|path| remove_all(path))?;
    }
    let storage = state::storage_dir(name);
    if clean.data {
        remove_all(&storage)?;
        downed.data = Some(storage).filter(|_| record.states.data == DataState::Kept);
        record.states.data = DataState::Absent;
    } else {
        downed.kept = Some(storage).filter(|_| record.states.data == DataState::Kept);
    }
    let written = if record.is_empty() { record::remove(name) } else { record::write(&record) };
    Ok(written.map(|()| downed)?)
}

/// What is written down of a name whose cluster or containers are gone, however they went.
pub(crate) fn forget_standing(name: &str) -> Result<(), RecordError> {
    let Some(mut record) = record::read(name)? else { return Ok(()) };
    record.states = record.states.gone();
    record.services.clear();
    record::write(&record)
}

/// The names that `down` without one is about: everything that stands, and with something to clean what is left of
/// earlier ones, too. Of one mode only, where that is asked.
pub fn names(clean: Clean, only: Option<Mode>) -> Vec<String> {
    let is_meant = |record: &Record| {
        let is_left =
            (clean.logs && !record.logs.is_empty()) || (clean.data && record.states.data != DataState::Absent);
        (record.states.is_standing() || is_left) && only.is_none_or(|mode| mode == record.mode)
    };
    let records = record::all().into_iter().flatten();
    let mut names: Vec<String> = records.filter(is_meant).map(|record| record.name).collect();
    let kept = crate::lease::leases().into_iter().flatten().filter(|lease| lease.is_kept);
    names.extend(
        kept.filter(|lease| only.is_none_or(|mode| mode == Mode::of(lease.provider))).map(|lease| lease.cluster),
    );
    names.sort();
    names.dedup();
    names
}

fn remove_all(path: &Utf8Path) -> Result<(), DownError> {
    match std::fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(DownError::Folder { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
