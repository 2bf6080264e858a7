//! The lock of a namespace on a cluster: many may look at once, one may disturb; who waits says for whom.

use crate::events::Events;
use crate::state;
use crate::step_file::open_lock;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_observation::{Event, Look, Reason};
use seatrial_probes::wait::{self, Patience, WaitError};
use std::fs::{File, TryLockError};
use std::time::Duration;
use thiserror::Error;

/// How long somebody else may use a namespace.
const LONGEST: Duration = Duration::from_hours(2);

/// Why a namespace was not locked.
#[derive(Debug, Error)]
pub enum LockError {
    /// The lock file can't be used.
    #[error("lock {path}: {source}")]
    Io {
        /// The file.
        path: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The other user did not end.
    #[error("namespace {namespace} on cluster {cluster}: {source}")]
    Held {
        /// The cluster.
        cluster: String,
        /// The namespace.
        namespace: String,
        /// For whom was waited, and how long.
        source: Box<WaitError>,
    },
}

/// A namespace in use; free again when this is dropped or its process ends.
#[derive(Debug)]
pub struct NamespaceLock {
    _file: File,
    holder: Option<Utf8PathBuf>,
}

impl NamespaceLock {
    /// Together with others who only look; waits while somebody disturbs.
    pub async fn shared(cluster: &str, namespace: &str, who: &str, events: &Events) -> Result<Self, LockError> {
        Files::of(&state::locks_dir(cluster), cluster, namespace).take(who, false, events).await
    }

    /// Alone; waits for everybody else.
    pub async fn exclusive(cluster: &str, namespace: &str, who: &str, events: &Events) -> Result<Self, LockError> {
        Files::of(&state::locks_dir(cluster), cluster, namespace).take(who, true, events).await
    }
}

impl Drop for NamespaceLock {
    fn drop(&mut self) {
        // Only a line for those who wait: nothing depends on it.
        if let Some(holder) = &self.holder {
            let _ = std::fs::remove_file(holder);
        }
    }
}

/// The files of one namespace's lock.
struct Files<'a> {
    cluster: &'a str,
    namespace: &'a str,
    /// Locked shared or exclusive by its users.
    lock: Utf8PathBuf,
    /// Locked while waiting for `lock`, so that a stream of lookers can't starve who wants to be alone.
    gate: Utf8PathBuf,
    /// One line a user: who it is.
    holders: Utf8PathBuf,
}

impl<'a> Files<'a> {
    fn of(dir: &Utf8Path, cluster: &'a str, namespace: &'a str) -> Self {
        Self {
            cluster,
            namespace,
            lock: dir.join(format!("{namespace}.lock")),
            gate: dir.join(format!("{namespace}.gate")),
            holders: dir.join(format!("{namespace}.holders")),
        }
    }

    async fn take(&self, who: &str, alone: bool, events: &Events) -> Result<NamespaceLock, LockError> {
        let mut announced = false;
        let gate = self.wait_for(&self.gate, true, events, &mut announced).await?;
        let file = self.wait_for(&self.lock, alone, events, &mut announced).await?;
        drop(gate);
        Ok(NamespaceLock { _file: file, holder: self.sign(who) })
    }

    async fn wait_for(
        &self,
        path: &Utf8Path,
        alone: bool,
        events: &Events,
        announced: &mut bool,
    ) -> Result<File, LockError> {
        let file = open_lock(path).map_err(|source| LockError::Io { path: path.to_owned(), source })?;
        let patience = Patience::backoff(LONGEST, Duration::from_millis(5), Duration::from_millis(100));
        let locked =
            wait::until(&patience, async || match if alone { file.try_lock() } else { file.try_lock_shared() } {
                Ok(()) => Ok(Look::Ready(())),
                Err(TryLockError::WouldBlock) => Ok(Look::Pending(self.busy(events, announced))),
                Err(TryLockError::Error(error)) => Err(error),
            });
        locked.await.map_err(|source| self.held(source))?;
        Ok(file)
    }

    /// Says once for whom is waited.
    fn busy(&self, events: &Events, announced: &mut bool) -> Reason {
        let message = format!("in use by {}", self.users().join(", "));
        if !std::mem::replace(announced, true) {
            let what = format!("namespace {} on cluster {}", self.namespace, self.cluster);
            events.emit(Event::Progress { what, line: format!("waiting: {message}") });
        }
        Reason::new(message)
    }

    /// The users there are; one that was killed may have left its line.
    fn users(&self) -> Vec<String> {
        let entries = self.holders.read_dir_utf8().map(|entries| entries.flatten().collect::<Vec<_>>());
        let living = |pid: &str| Utf8Path::new("/proc").join(pid.split('-').next().unwrap_or("0")).exists();
        let mut users: Vec<String> = entries
            .unwrap_or_default()
            .iter()
            .filter(|entry| living(entry.file_name()))
            .filter_map(|entry| std::fs::read_to_string(entry.path()).ok())
            .collect();
        users.sort();
        users.dedup();
        if users.is_empty() { vec!["another process".to_owned()] } else { users }
    }

    fn sign(&self, who: &str) -> Option<Utf8PathBuf> {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let pid = std::process::id();
        let path = self.holders.join(format!("{pid}-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        let text = format!("{who} (process {pid})");
        state::write_private(&path, text.as_bytes()).ok().map(|()| path)
    }

    fn held(&self, source: WaitError) -> LockError {
        LockError::Held {
            cluster: self.cluster.to_owned(),
            namespace: self.namespace.to_owned(),
            source: Box::new(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    struct Bench {
        _dir: tempfile::TempDir,
        path: Utf8PathBuf,
        lines: Arc<Mutex<Vec<String>>>,
    }

    impl Bench {
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("dir");
            let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).expect("utf8");
            Self { _dir: dir, path, lines: Arc::default() }
        }

        async fn take(&self, who: &str, alone: bool) -> NamespaceLock {
            let lines = self.lines.clone();
            let events = Events::to(move |event| {
                if let Event::Progress { what, line } = event {
                    lines.lock().expect("lines").push(format!("{what}: {line}"));
                }
            });
            Files::of(&self.path, "c", "ns").take(who, alone, &events).await.expect("files work")
        }

        async fn is_free(&self, alone: bool) -> bool {
            tokio::time::timeout(Duration::from_millis(50), self.take("probe", alone)).await.is_ok()
        }
    }

    #[tokio::test]
    async fn lookers_share_and_disturbers_are_alone() {
        let bench = Bench::new();
        let first = bench.take("first", false).await;
        assert!(bench.is_free(false).await);
        assert!(!bench.is_free(true).await);
        drop(first);
        let _alone = bench.take("alone", true).await;
        assert!(!bench.is_free(false).await);
    }

    #[tokio::test]
    async fn who_waits_says_for_whom() {
        let bench = Bench::new();
        let _first = bench.take("run abcd1234, chart web", true).await;
        assert!(!bench.is_free(true).await);
        let pid = std::process::id();
        let expected = format!("namespace ns on cluster c: waiting: in use by run abcd1234, chart web (process {pid})");
        assert_eq!(*bench.lines.lock().expect("lines"), [expected]);
    }

    #[tokio::test]
    async fn lookers_queue_behind_a_waiting_disturber() {
        let bench = Bench::new();
        let first = bench.take("first", false).await;
        let mut waiting = std::pin::pin!(bench.take("disturber", true));
        assert!(tokio::time::timeout(Duration::from_millis(20), &mut waiting).await.is_err());
        assert!(!bench.is_free(false).await, "the gate is closed");
        drop(first);
        let _alone = waiting.await;
    }
}
