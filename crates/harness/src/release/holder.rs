//! Who holds a namespace: which environment is installed there, in which generation, and whether it is sound. The
//! file is written before anything is done to the release, so whoever comes after a killed process knows.

use super::bring_up::Fresh;
use super::site::{ReleaseError, Site};
use super::stage::Stage;
use crate::lease::NamespaceLock;
use crate::state;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use std::fs::File;

/// What is installed in a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Holder {
    /// The stage's key; empty where nothing is installed.
    pub(crate) key: String,
    /// `chart/environment`, for people.
    pub(crate) name: String,
    /// Helm's release name.
    pub(crate) release: String,
    /// Grows with each install in this namespace.
    pub(crate) generation: u64,
    /// Whether the release is as an install leaves it: nobody has begun to disturb it since.
    pub(crate) is_sound: bool,
}

/// The right to use a release, for as long as this lives.
pub(crate) struct Held {
    pub(crate) generation: u64,
    _lock: NamespaceLock,
    _interest: File,
}

impl Site {
    /// The release is up and stays so while others may look too.
    pub(crate) async fn hold_shared(&self, stage: &Stage<'_>) -> Result<Held, ReleaseError> {
        let interest = self.interested(stage).await?;
        let lock = self.lock(stage, false).await?;
        let holder = self.holder(stage)?;
        if is_up(&holder, stage) {
            return Ok(Held { generation: holder.generation, _lock: lock, _interest: interest });
        }
        drop(lock);
        // Whoever had to bring it back keeps it for its own look: else two environments that share a namespace could
        // take it from each other for ever.
        self.hold_alone(stage).await
    }

    /// The release is up, and nobody else uses it.
    pub(crate) async fn hold_alone(&self, stage: &Stage<'_>) -> Result<Held, ReleaseError> {
        let interest = self.interested(stage).await?;
        let lock = self.lock(stage, true).await?;
        let mut holder = self.holder(stage)?;
        if !is_up(&holder, stage) {
            let fresh = self.replace_reachable(stage, false).await?;
            if let Some(reason) = fresh.problem() {
                let message = format!("the release {} did not come up again: {reason}", stage.name());
                return Err(ReleaseError::Recorded { message });
            }
            holder = self.holder(stage)?;
        }
        Ok(Held { generation: holder.generation, _lock: lock, _interest: interest })
    }

    pub(super) async fn lock(&self, stage: &Stage<'_>, is_alone: bool) -> Result<NamespaceLock, ReleaseError> {
        let (cluster, who) = (&self.cluster.name, format!("run {}, {}", self.run, stage.name()));
        Ok(if is_alone {
            NamespaceLock::exclusive(cluster, stage.namespace(), &who, &self.events).await?
        } else {
            NamespaceLock::shared(cluster, stage.namespace(), &who, &self.events).await?
        })
    }

    /// What is installed in the stage's namespace.
    pub(super) fn holder(&self, stage: &Stage<'_>) -> Result<Holder, ReleaseError> {
        let path = self.holder_file(stage);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Holder::default()),
            Err(source) => Err(ReleaseError::State { path, source }),
        }
    }

    pub(super) fn set_holder(&self, stage: &Stage<'_>, holder: &Holder) -> Result<(), ReleaseError> {
        let path = self.holder_file(stage);
        let bytes = serde_json::to_vec(holder).unwrap_or_default();
        state::write_private(&path, &bytes).map_err(|source| ReleaseError::State { path, source })
    }

    /// Somebody is about to disturb the release: until it says that it is sound again, it is to be replaced.
    pub(crate) fn set_sound(&self, stage: &Stage<'_>, is_sound: bool) -> Result<(), ReleaseError> {
        let holder = Holder { is_sound, ..self.holder(stage)? };
        self.set_holder(stage, &holder)
    }

    /// All other releases of the cluster may be harmed: who needs one next replaces it.
    pub(crate) fn doubt_others(&self, stage: &Stage<'_>) -> Result<(), ReleaseError> {
        let own = self.holder_file(stage);
        for entry in self.dir.join("releases").read_dir_utf8().into_iter().flatten().flatten() {
            let path = entry.path().to_owned();
            if path == own {
                continue;
            }
            let holder: Holder = serde_json::from_slice(&std::fs::read(&path).unwrap_or_default()).unwrap_or_default();
            let bytes = serde_json::to_vec(&Holder { is_sound: false, ..holder }).unwrap_or_default();
            state::write_private(&path, &bytes).map_err(|source| ReleaseError::State { path, source })?;
        }
        Ok(())
    }

    fn holder_file(&self, stage: &Stage<'_>) -> Utf8PathBuf {
        self.dir.join("releases").join(format!("{}.json", stage.namespace()))
    }
}

/// What an earlier run left installed on a cluster that is used again: known, so that it can be wiped, but nothing that
/// it saw there counts.
pub(crate) fn inherit(from: &Utf8Path, to: &Utf8Path) -> std::io::Result<()> {
    let mut holders = Vec::new();
    for entry in from.join("releases").read_dir_utf8().into_iter().flatten().flatten() {
        let holder: Holder = serde_json::from_slice(&std::fs::read(entry.path())?).unwrap_or_default();
        holders.push((entry.file_name().to_owned(), Holder { is_sound: false, ..holder }));
    }
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    for (name, holder) in holders {
        state::write_private(&to.join("releases").join(name), &serde_json::to_vec(&holder).unwrap_or_default())?;
    }
    Ok(())
}

fn is_up(holder: &Holder, stage: &Stage<'_>) -> bool {
    holder.is_sound && holder.key == stage.key()
}

impl Fresh {
    /// Why the release is not ready, if it is not.
    pub(super) fn problem(&self) -> Option<String> {
        if self.helm.code != Some(0) {
            return Some(format!("helm ended with {:?}: {}", self.helm.code, self.helm.stderr));
        }
        self.progress.problem()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_is_inherited_and_what_was_seen_is_not() {
        let dir = tempfile::tempdir().expect("dir");
        let dir = Utf8Path::from_path(dir.path()).expect("utf8");
        let (from, to) = (dir.join("from"), dir.join("to"));
        let holder = Holder { key: "k".into(), release: "registry".into(), is_sound: true, ..Holder::default() };
        let put = |path: &Utf8Path| state::write_private(path, &serde_json::to_vec(&holder).expect("JSON"));
        put(&from.join("releases/pallet.json")).expect("write");
        put(&from.join("steps/seen.json")).expect("write");
        for to in [&to, &from] {
            inherit(&from, to).expect("files work");
            let bytes = std::fs::read(to.join("releases/pallet.json")).expect("a holder");
            let found: Holder = serde_json::from_slice(&bytes).expect("JSON");
            assert_eq!(found, Holder { is_sound: false, ..holder.clone() });
            assert!(!to.join("steps").exists(), "also where a run of the same name goes on");
        }
    }
}
