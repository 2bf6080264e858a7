//! One lock a name, held while a result is made; the system frees it when its
//! holder dies.

use super::{CacheError, cache_dir};
use std::fs::{File, OpenOptions};

/// Held until dropped.
#[derive(Debug)]
pub struct CacheLock {
    _file: File,
}

/// Waits for the lock of this name. Other processes wait while it is held.
pub async fn lock(name: &str) -> Result<CacheLock, CacheError> {
    let dir = cache_dir().join("locks");
    std::fs::create_dir_all(&dir).map_err(CacheError::at(&dir))?;
    let path = dir.join(name);
    let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = open.map_err(CacheError::at(&path))?;
    let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
    match locked {
        Ok(file) => Ok(CacheLock { _file: file.map_err(CacheError::at(path))? }),
        Err(_) => Err(CacheError::Ended { path }),
    }
}
