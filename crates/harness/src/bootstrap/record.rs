//! The record of what `up` made, `$SEATRIAL_HOME/up/<name>.json`. It outlives `down`: it remembers where logs and data
//! are that are still to be cleaned.

use super::{DataState, States};
use crate::cluster::ProviderKind;
use crate::state;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a record can't be used.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The file can't be read, written or removed.
    #[error("record {path}: {source}")]
    Io {
        /// The file.
        path: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is not what this program writes.
    #[error("{path} is no record of `up` ({source}); remove it")]
    Unreadable {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// How the services run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// In a kind cluster, by Helm.
    Kind,
    /// As containers of the engine.
    Docker,
}

impl Mode {
    /// The mode of a lease.
    pub(crate) fn of(provider: ProviderKind) -> Self {
        if provider == ProviderKind::Docker { Self::Docker } else { Self::Kind }
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Kind => "kind",
            Self::Docker => "docker",
        })
    }
}

/// What a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ServiceKind {
    /// The registry of the chart.
    Registry,
    /// A stand-in for an agent.
    Agent,
}

/// One service that `up` made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// `registry`, `agent-plan`, …
    pub name: String,
    /// What it is.
    pub kind: ServiceKind,
    /// Where it answers on this host (`http://127.0.0.1:5000/v2/`).
    pub url: String,
    /// What runs it: a workload (`deploy/registry`), or the name of a container.
    pub at: String,
}

/// What `up` made under one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The name (`pallet-dev`).
    pub name: String,
    /// How the services run.
    pub mode: Mode,
    /// The namespace of the release.
    pub namespace: String,
    /// The release.
    pub release: String,
    /// The chart's name.
    pub chart: String,
    /// The private kubeconfig; `None` in Docker mode.
    pub kubeconfig: Option<Utf8PathBuf>,
    /// The services, the registry first.
    pub services: Vec<Service>,
    /// How far it is.
    pub states: States,
    /// The folder of the host that holds the data; `None`: the data goes with the node.
    pub storage: Option<Utf8PathBuf>,
    /// Folders and files of logs and evidence, oldest first.
    pub logs: Vec<Utf8PathBuf>,
}

impl Record {
    /// Whether nothing is left that it remembers.
    pub fn is_empty(&self) -> bool {
        !self.states.is_standing() && self.states.data == DataState::Absent && self.logs.is_empty()
    }
}

/// The records of all that stands, by name; one that can't be read is an error of its own.
pub fn records() -> Vec<Result<Record, RecordError>> {
    let is_standing = |record: &Result<Record, _>| record.as_ref().map_or(true, |record| record.states.is_standing());
    all().into_iter().filter(is_standing).collect()
}

/// All records, also of what was taken down and left logs or data.
pub(crate) fn all() -> Vec<Result<Record, RecordError>> {
    crate::lease::lease_files(&dir()).iter().filter_map(|path| read_file(path).transpose()).collect()
}

/// The record of this name; `None` if there is none.
pub fn read(name: &str) -> Result<Option<Record>, RecordError> {
    read_file(&path(name))
}

/// Writes a record; a reader sees the old one or the new one.
pub fn write(record: &Record) -> Result<(), RecordError> {
    let path = path(&record.name);
    let bytes =
        serde_json::to_vec_pretty(record).map_err(|source| RecordError::Unreadable { path: path.clone(), source })?;
    state::write_private(&path, &bytes).map_err(|source| RecordError::Io { path, source })
}

/// Removes a record; that there is none is what was wanted.
pub fn remove(name: &str) -> Result<(), RecordError> {
    let path = path(name);
    crate::lease::remove_file(&path).map_err(|source| RecordError::Io { path, source })
}

fn dir() -> Utf8PathBuf {
    state::home().join("up")
}

fn path(name: &str) -> Utf8PathBuf {
    dir().join(format!("{name}.json"))
}

fn read_file(path: &Utf8Path) -> Result<Option<Record>, RecordError> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| RecordError::Unreadable { path: path.to_owned(), source }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(RecordError::Io { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_empty_when_nothing_is_left() {
        let record = Record {
            name: "pallet-dev".into(),
            mode: Mode::Docker,
            namespace: "pallet".into(),
            release: "registry".into(),
            chart: "pallet-registry".into(),
            kubeconfig: None,
            services: Vec::new(),
            states: States::default(),
            storage: None,
            logs: Vec::new(),
        };
        assert!(record.is_empty());
        let text = serde_json::to_string(&record).expect("JSON");
        assert_eq!(serde_json::from_str::<Record>(&text).expect("a record"), record);
        let kept = States { data: DataState::Kept, ..States::default() };
        assert!(!Record { states: kept, ..record.clone() }.is_empty());
        assert!(!Record { logs: vec!["x".into()], ..record }.is_empty());
    }

    #[test]
    fn a_file_that_is_no_record_is_named() {
        let dir = tempfile::tempdir().expect("dir");
        let path = Utf8Path::from_path(dir.path()).expect("utf8").join("x.json");
        std::fs::write(&path, "{}").expect("write");
        let error = read_file(&path).expect_err("broken");
        assert!(error.to_string().contains("x.json is no record of `up`"), "{error}");
    }
}
