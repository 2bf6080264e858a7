//! What is learnt once is read by all (invariant 9): the outcome of a step is one file, made by the process that
//! needs it first under the step's lock, and read by every other one. A failure is an outcome like any other.

use crate::state;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_observation::{Look, Reason};
use seatrial_probes::wait::{self, Patience, WaitError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::time::Duration;
use thiserror::Error;

/// How long a step may take in another process before waiting for it makes no sense.
const LONGEST: Duration = Duration::from_hours(1);

/// Why a step's outcome can be neither read nor written.
#[derive(Debug, Error)]
pub enum StepFileError {
    /// A file of the run's folder can't be used.
    #[error("{path}: {source}{}", state::remedy(source))]
    Io {
        /// The file.
        path: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The record is not what this program writes.
    #[error("{path} is no record of a step ({source}); remove it")]
    Unreadable {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Another process holds the step for too long.
    #[error("the step {key} is being made by another process: {source}")]
    Held {
        /// The step.
        key: String,
        /// How long was waited.
        source: Box<WaitError>,
    },
}

/// The outcome of the step `key` in the folder `dir`: read if there is one, else made by `make`, while others wait.
/// The maker's death leaves nothing: the next who asks makes it.
pub async fn once<T, E>(
    dir: &Utf8Path,
    key: &str,
    make: impl AsyncFnOnce() -> Result<T, E>,
) -> Result<Result<T, E>, StepFileError>
where
    T: Serialize + DeserializeOwned,
    E: Serialize + DeserializeOwned,
{
    once_current(dir, key, |_| true, make).await
}

/// The same where an outcome may be out of date: one that is not current counts as none.
pub async fn once_current<T, E>(
    dir: &Utf8Path,
    key: &str,
    is_current: impl Fn(&Result<T, E>) -> bool,
    make: impl AsyncFnOnce() -> Result<T, E>,
) -> Result<Result<T, E>, StepFileError>
where
    T: Serialize + DeserializeOwned,
    E: Serialize + DeserializeOwned,
{
    let path = path_of(dir, key);
    if let Some(outcome) = read(&path)?.filter(&is_current) {
        return Ok(outcome);
    }
    let _lock = lock(&path.with_extension("lock"), key).await?;
    if let Some(outcome) = read(&path)?.filter(&is_current) {
        return Ok(outcome);
    }
    let outcome = make().await;
    write(&path, &outcome)?;
    Ok(outcome)
}

/// The outcome of a step if there is one, without making it.
pub fn recorded<T: DeserializeOwned, E: DeserializeOwned>(
    dir: &Utf8Path,
    key: &str,
) -> Result<Option<Result<T, E>>, StepFileError> {
    read(&path_of(dir, key))
}

/// The file of a step; a key with other characters than file names like is written as its hash.
fn path_of(dir: &Utf8Path, key: &str) -> Utf8PathBuf {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    let is_short = !key.is_empty() && key.len() <= 100 && !key.starts_with('.');
    if is_short && key.chars().all(is_plain) {
        return dir.join(format!("{key}.json"));
    }
    let readable: String = key.chars().filter(|c| is_plain(*c) && *c != '.').take(60).collect();
    let hash = Sha256::digest(key.as_bytes());
    let hash = hash.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte));
    dir.join(format!("{readable}-{hash:016x}.json"))
}

fn read<T: DeserializeOwned>(path: &Utf8Path) -> Result<Option<T>, StepFileError> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| StepFileError::Unreadable { path: path.to_owned(), source }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StepFileError::Io { path: path.to_owned(), source }),
    }
}

fn write<T: Serialize>(path: &Utf8Path, outcome: &T) -> Result<(), StepFileError> {
    let bytes = serde_json::to_vec_pretty(outcome)
        .map_err(|source| StepFileError::Unreadable { path: path.to_owned(), source })?;
    state::write_private(path, &bytes).map_err(|source| StepFileError::Io { path: path.to_owned(), source })
}

/// Holds the step; the lock goes with the file handle, so also with a killed process.
async fn lock(path: &Utf8Path, key: &str) -> Result<File, StepFileError> {
    let file = open_lock(path).map_err(|source| StepFileError::Io { path: path.to_owned(), source })?;
    let patience = Patience::backoff(LONGEST, Duration::from_millis(5), Duration::from_millis(100));
    let locked = wait::until(&patience, async || match file.try_lock() {
        Ok(()) => Ok(Look::Ready(())),
        Err(std::fs::TryLockError::WouldBlock) => Ok(Look::Pending(Reason::new("it is not done yet"))),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    });
    locked.await.map_err(|source| StepFileError::Held { key: key.to_owned(), source: Box::new(source) })?;
    Ok(file)
}

/// Opens a file to be locked, and makes it where there is none.
pub(crate) fn open_lock(path: &Utf8Path) -> std::io::Result<File> {
    if let Some(dir) = path.parent() {
        state::make_private_dir(dir)?;
    }
    File::options().read(true).write(true).create(true).truncate(false).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Dir(tempfile::TempDir);

    impl Dir {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("dir"))
        }

        fn path(&self) -> &Utf8Path {
            Utf8Path::from_path(self.0.path()).expect("utf8")
        }

        async fn ask(&self, key: &str, outcome: Result<u32, &str>) -> Result<u32, String> {
            let made: Result<Result<u32, String>, _> =
                once(self.path(), key, async || outcome.map_err(ToOwned::to_owned)).await;
            made.expect("files work")
        }
    }

    #[tokio::test]
    async fn the_first_makes_it_and_the_others_read_it() {
        let dir = Dir::new();
        assert_eq!(dir.ask("a", Ok(1)).await, Ok(1));
        assert_eq!(dir.ask("a", Ok(2)).await, Ok(1));
        assert_eq!(dir.ask("b", Ok(3)).await, Ok(3));
    }

    #[tokio::test]
    async fn a_failure_is_read_as_a_failure() {
        let dir = Dir::new();
        assert_eq!(dir.ask("a", Err("no")).await, Err("no".to_owned()));
        assert_eq!(dir.ask("a", Ok(2)).await, Err("no".to_owned()));
    }

    #[tokio::test]
    async fn what_is_out_of_date_is_made_again() {
        let dir = Dir::new();
        assert_eq!(dir.ask("a", Ok(1)).await, Ok(1));
        let again = once_current::<u32, String>(dir.path(), "a", |seen| *seen != Ok(1), async || Ok(2)).await;
        assert_eq!(again.expect("files work"), Ok(2));
        assert_eq!(dir.ask("a", Ok(3)).await, Ok(2));
    }

    #[tokio::test]
    async fn many_at_once_make_it_once() {
        let dir = Dir::new();
        let made = AtomicU32::new(0);
        let ask = || {
            once::<u32, String>(dir.path(), "slow", async || {
                wait::pause(Duration::from_millis(30)).await;
                Ok(made.fetch_add(1, Ordering::SeqCst))
            })
        };
        let outcomes = futures::future::join_all((0..20).map(|_| ask())).await;
        assert!(outcomes.into_iter().all(|outcome| outcome.expect("files work") == Ok(0)));
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_maker_that_is_dropped_leaves_it_to_the_next() {
        let dir = Dir::new();
        {
            let stuck = once::<u32, String>(dir.path(), "a", async || std::future::pending().await);
            let ended = tokio::time::timeout(Duration::from_millis(20), stuck).await;
            assert!(ended.is_err(), "it never ends by itself");
        }
        assert_eq!(dir.ask("a", Ok(2)).await, Ok(2));
    }

    #[tokio::test]
    async fn a_broken_record_is_named() {
        let dir = Dir::new();
        std::fs::write(dir.path().join("a.json"), "{").expect("write");
        let error = once::<u32, String>(dir.path(), "a", async || Ok(1)).await.expect_err("broken");
        assert!(error.to_string().contains("a.json is no record of a step"), "{error}");
    }

    #[test]
    fn keys_become_file_names() {
        let name = |key: &str| path_of(Utf8Path::new("d"), key).into_string();
        assert_eq!(name("verdict-a_b.c"), "d/verdict-a_b.c.json");
        assert!(name("chart::env::x[y/z]").starts_with("d/chartenvxyz-"), "{}", name("chart::env::x[y/z]"));
        assert_ne!(name("a/b"), name("a:b"));
        assert!(!name("../x").contains(".."));
    }
}
