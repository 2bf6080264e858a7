//! What the engine and the state folder hold: taken before and after, to be compared.

use crate::program::tool;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;

/// Everything that a run could leave behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Containers by name, running or not.
    pub containers: BTreeSet<String>,
    /// Volumes that no container uses.
    pub volumes: BTreeSet<String>,
    /// Leases and kubeconfigs in the state folder.
    pub files: BTreeSet<Utf8PathBuf>,
}

impl Left {
    /// What is there now. Clusters of other runs come and go on a shared engine; those of these runs count.
    pub fn now(home: &Utf8Path, runs: &[&str]) -> Self {
        let containers = containers().into_iter().filter(|name| is_ours_or_foreign(name, runs)).collect();
        Self { containers, volumes: volumes(), files: files(home) }
    }
}

/// Whether a container is no node of somebody else's run (`st-<run>-<expiry>-control-plane`).
fn is_ours_or_foreign(name: &str, runs: &[&str]) -> bool {
    let run = name.strip_prefix("st-").and_then(|rest| rest.split('-').next());
    run.is_none_or(|run| run.len() != 8 || runs.contains(&run))
}

/// The names of all containers.
pub fn containers() -> BTreeSet<String> {
    lines(&tool("docker", &["ps", "--all", "--format", "{{.Names}}"]))
}

/// The volumes that no container uses.
pub fn volumes() -> BTreeSet<String> {
    lines(&tool("docker", &["volume", "ls", "--quiet", "--filter", "dangling=true"]))
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
}

/// Leases and kubeconfigs below a folder.
pub fn files(home: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    below(home).into_iter().filter(|path| is_of_a_run(path)).collect()
}

/// All files below a folder; none where there is no such folder.
pub fn below(folder: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir_utf8().into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path().to_owned()),
                _ => {
                    found.insert(entry.path().to_owned());
                }
            }
        }
    }
    found
}

fn is_of_a_run(path: &Utf8Path) -> bool {
    path.as_str().contains("/leases/") || path.file_name().is_some_and(|name| name.contains("kubeconfig"))
}
