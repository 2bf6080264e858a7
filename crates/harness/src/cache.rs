//! What was built once is kept outside the checkout, under the hash of all that
//! made it. A result is written beside its place and renamed, under a lock, so
//! that two processes never build the same thing at once and nobody sees half
//! of it.

mod key;
mod lock;
mod place;

pub use key::{Key, KeyOf, files_below, hash_file};
pub use lock::{CacheLock, lock};
pub(crate) use place::link_pair;
pub use place::{Place, cache_dir, fresh_dir, link_bin, pair_dir, search_path};

use camino::Utf8PathBuf;
use thiserror::Error;

/// Why the cache could not be used.
#[derive(Debug, Error)]
pub enum CacheError {
    /// The file system refused.
    #[error("cache: {path}: {source}")]
    Io {
        /// The file or directory.
        path: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The task that waits for a lock was ended.
    #[error("cache: waiting for the lock {path} was ended")]
    Ended {
        /// The lock file.
        path: Utf8PathBuf,
    },
}

impl CacheError {
    /// For `map_err`: says which path it was.
    pub fn at(path: impl Into<Utf8PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
