//! The lease file `leases/<cluster>.json`, written before the first thing it is about is made.

use super::Owner;
use crate::cluster::ProviderKind;
use crate::cluster::engine::Engine;
use crate::state;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use thiserror::Error;

/// Why a lease can't be used.
#[derive(Debug, Error)]
pub enum LeaseError {
    /// The file can't be read or written.
    #[error("lease {path}: {source}{}", state::remedy(source))]
    Io {
        /// The file.
        path: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is not what this program writes.
    #[error("{path} is no lease ({source}); look which cluster it names, delete that, then the file")]
    Unreadable {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// All that a teardown needs to know of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// The cluster's name.
    pub cluster: String,
    /// Who made it: an existing cluster is not removed, only what this run left in it.
    pub provider: ProviderKind,
    /// The run that made it.
    pub run: String,
    /// The state directory it belongs to.
    pub home: Utf8PathBuf,
    /// The folders that are removed with it.
    pub dirs: Vec<Utf8PathBuf>,
    /// The private kubeconfig.
    pub kubeconfig: Utf8PathBuf,
    /// The process it is for.
    pub owner: Owner,
    /// When it expires, in seconds of the wall clock; other state directories judge it by that alone.
    pub expires: Option<u64>,
    /// Made by `up`, which is done: only `down` removes it.
    pub is_kept: bool,
    /// How long it stays warm after its owner's end.
    pub keep: Duration,
    /// Its owner has ended; until then, in seconds of the wall clock, it waits for a run that can use it.
    #[serde(default)]
    pub warm_until: Option<u64>,
    /// The engine and programs that made it.
    pub(crate) engine: Engine,
}

impl Lease {
    /// Where this lease is written.
    pub fn path(&self) -> Utf8PathBuf {
        let name = match self.provider {
            ProviderKind::Kind | ProviderKind::Docker => format!("{}.json", self.cluster),
            // Several runs may use one existing cluster.
            ProviderKind::Existing => format!("{}-{}.json", self.cluster, self.run),
        };
        self.home.join("leases").join(name)
    }

    /// Whether it is of a run's shared cluster: only what `up` makes never expires.
    pub(crate) fn is_shared(&self) -> bool {
        self.expires.is_some()
    }

    /// Whether it waits for a run that can use it.
    pub fn is_warm(&self) -> bool {
        !self.is_kept && !self.owner.is_alive() && self.warm_until.is_some_and(|until| until > now())
    }

    /// Whether nobody uses it, and nobody is to.
    fn is_dead(&self) -> bool {
        !self.is_kept && !self.owner.is_alive() && !self.is_warm()
    }

    /// Where its guard writes what it does.
    pub fn guard_log(&self) -> Utf8PathBuf {
        self.path().with_extension("guard.log")
    }

    /// Reads a lease; `None` if there is none.
    pub fn read(path: &Utf8Path) -> Result<Option<Self>, LeaseError> {
        match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|source| LeaseError::Unreadable { path: path.to_owned(), source }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LeaseError::Io { path: path.to_owned(), source }),
        }
    }

    /// Writes it; a guard of what was there before sees that it is another one.
    pub fn write(&self) -> Result<(), LeaseError> {
        let path = self.path();
        let bytes =
            serde_json::to_vec_pretty(self).map_err(|source| LeaseError::Unreadable { path: path.clone(), source })?;
        state::write_private(&path, &bytes).map_err(|source| LeaseError::Io { path, source })
    }

    /// Removes the file and its guard's output.
    pub(crate) fn forget(&self) -> Result<(), LeaseError> {
        for path in [self.guard_log(), self.path()] {
            remove_file(&path).map_err(|source| LeaseError::Io { path, source })?;
        }
        Ok(())
    }

    /// Whether nobody uses it: not kept, not locked by a guard, and its owner is gone. The lock is handed out, so
    /// that no second process takes it down at the same time.
    pub(crate) fn hold_if_dead(path: &Utf8Path) -> Result<Option<(Self, Held)>, LeaseError> {
        let Some(held) = Held::try_lock(path)? else { return Ok(None) };
        let Some(lease) = Self::read(path)? else { return Ok(None) };
        // A guard may have been killed alone: what its owner still uses is not taken away.
        Ok(lease.is_dead().then_some((lease, held)))
    }

    /// The same for one that is warm, for who wants to use it.
    pub(crate) fn hold_if_warm(path: &Utf8Path) -> Result<Option<(Self, Held)>, LeaseError> {
        let Some(held) = Held::try_lock(path)? else { return Ok(None) };
        let Some(lease) = Self::read(path)? else { return Ok(None) };
        Ok(lease.is_warm().then_some((lease, held)))
    }
}

/// The exclusive lock of a lease, held until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    file: File,
    path: Utf8PathBuf,
}

impl Held {
    /// Takes the lock of a lease; `None` if somebody has it or there is no such lease.
    pub(crate) fn try_lock(path: &Utf8Path) -> Result<Option<Self>, LeaseError> {
        let io = |source| LeaseError::Io { path: path.to_owned(), source };
        let Some(file) = open(path).map_err(io)? else { return Ok(None) };
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file, path: path.to_owned() }).filter(Self::is_current)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }

    /// Whether the lease is still the one that was locked: neither removed nor written anew.
    pub(crate) fn is_current(&self) -> bool {
        let (locked, named) = (self.file.metadata(), std::fs::metadata(&self.path));
        matches!((locked, named), (Ok(a), Ok(b)) if (a.dev(), a.ino()) == (b.dev(), b.ino()))
    }
}

fn open(path: &Utf8Path) -> std::io::Result<Option<File>> {
    match File::options().read(true).write(true).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes a file; that it is not there is what was wanted.
pub(crate) fn remove_file(path: &Utf8Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The leases of this state directory, by file name; one that can't be read is an error of its own.
pub fn leases() -> Vec<Result<Lease, LeaseError>> {
    lease_files(&state::leases_dir()).iter().filter_map(|path| Lease::read(path).transpose()).collect()
}

/// The lease files of a folder, in the order of their names.
pub(crate) fn lease_files(dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(entries) = dir.read_dir_utf8() else { return Vec::new() };
    let is_lease = |path: &Utf8PathBuf| {
        path.extension() == Some("json") && path.file_name().is_some_and(|name| !name.starts_with('.'))
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path().to_owned()).filter(is_lease).collect();
    paths.sort();
    paths
}

/// Seconds of the wall clock.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A lease in a state directory of its own.
    pub(crate) fn lease(home: &Utf8Path, owner: Owner) -> Lease {
        let dir = home.join("runs/abcd1234");
        Lease {
            cluster: "st-abcd1234-top2v4".into(),
            provider: ProviderKind::Kind,
            run: "abcd1234".into(),
            home: home.to_owned(),
            kubeconfig: dir.join("kubeconfig"),
            dirs: vec![dir],
            owner,
            expires: Some(1_795_000_000),
            is_kept: false,
            keep: Duration::ZERO,
            warm_until: None,
            engine: Engine::new("docker", "kind"),
        }
    }

    fn home() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().expect("dir");
        let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).expect("utf8");
        (dir, path)
    }

    fn dead() -> Owner {
        Owner { start_time: 1, ..Owner::this_process() }
    }

    fn is_dead(lease: &Lease) -> bool {
        Lease::hold_if_dead(&lease.path()).expect("files work").is_some()
    }

    #[test]
    fn a_lease_is_read_as_it_was_written() {
        let (_dir, home) = home();
        let lease = lease(&home, dead());
        lease.write().expect("write");
        assert_eq!(Lease::read(&lease.path()).expect("read"), Some(lease.clone()));
        assert_eq!(lease_files(&home.join("leases")), [lease.path()]);
        lease.forget().expect("forget");
        assert_eq!(Lease::read(&lease.path()).expect("read"), None);
    }

    #[test]
    fn dead_is_who_is_neither_locked_nor_alive_nor_kept() {
        let (_dir, home) = home();
        let of_dead = lease(&home, dead());
        of_dead.write().expect("write");
        assert!(is_dead(&of_dead));

        let guard = Held::try_lock(&of_dead.path()).expect("files work").expect("free");
        assert!(!is_dead(&of_dead), "its guard holds it");
        drop(guard);

        let kept = Lease { is_kept: true, ..of_dead.clone() };
        kept.write().expect("write");
        assert!(!is_dead(&kept), "only `down` removes what `up` made");

        let of_living = lease(&home, Owner::this_process());
        of_living.write().expect("write");
        assert!(!is_dead(&of_living), "its owner lives");
    }

    #[test]
    fn a_warm_one_is_not_dead_before_its_time_is_over() {
        let (_dir, home) = home();
        let warm = Lease { warm_until: Some(now() + 60), ..lease(&home, dead()) };
        warm.write().expect("write");
        assert!(!is_dead(&warm));
        let is_free = || Lease::hold_if_warm(&warm.path()).expect("files work").is_some();
        assert!(is_free());
        let first = Lease::hold_if_warm(&warm.path()).expect("files work").expect("warm");
        assert!(!is_free(), "one adopter at a time");
        drop(first);

        let over = Lease { warm_until: Some(now() - 1), ..warm.clone() };
        over.write().expect("write");
        assert!(is_dead(&over));
        let adopted = Lease { owner: Owner::this_process(), ..warm.clone() };
        adopted.write().expect("write");
        assert!(!is_dead(&adopted) && !is_free(), "it is in use");
    }

    #[test]
    fn a_guard_sees_that_its_lease_was_written_anew() {
        let (_dir, home) = home();
        let lease = lease(&home, dead());
        lease.write().expect("write");
        let guard = Held::try_lock(&lease.path()).expect("files work").expect("free");
        assert!(guard.is_current());
        lease.write().expect("write");
        assert!(!guard.is_current());
    }

    #[test]
    fn a_file_that_is_no_lease_is_named() {
        let (_dir, home) = home();
        let path = home.join("x.json");
        std::fs::write(&path, "{}").expect("write");
        let error = Lease::read(&path).expect_err("broken");
        assert!(error.to_string().contains("x.json is no lease"), "{error}");
    }
}
