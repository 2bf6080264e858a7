//! Where results are kept.

use super::{CacheError, Key, lock};
use camino::{Utf8Path, Utf8PathBuf};
use std::env;
use std::time::Duration;

/// The directory of all that is built: `$SEATRIAL_CACHE`, else `seatrial` in the
/// user's cache directory.
#[must_use]
pub fn cache_dir() -> Utf8PathBuf {
    let own = set("SEATRIAL_CACHE");
    let xdg = || set("XDG_CACHE_HOME").map(|dir| dir.join("seatrial"));
    let home = || set("HOME").map(|dir| dir.join(".cache/seatrial"));
    let dir = own.or_else(xdg).or_else(home).unwrap_or_else(|| "/var/cache/seatrial".into());
    // What we call runs in other directories.
    camino::absolute_utf8(&dir).unwrap_or(dir)
}

fn set(name: &str) -> Option<Utf8PathBuf> {
    env::var(name).ok().filter(|value| !value.is_empty()).map(Into::into)
}

/// The place of one result: a directory named by what it is and by its key.
#[derive(Debug, Clone)]
pub struct Place {
    name: String,
    key: Key,
}

impl Place {
    /// The place of the thing of this name that is made from what the key says.
    #[must_use]
    pub fn new(name: impl Into<String>, key: Key) -> Self {
        Self { name: name.into(), key }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The directory, there or not.
    #[must_use]
    pub fn path(&self) -> Utf8PathBuf {
        cache_dir().join(&self.name).join(self.key.as_str())
    }

    /// Whether the result is there.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.path().is_dir()
    }

    /// Gives the directory; makes it first if it is not there. `make` fills a
    /// fresh directory, which becomes the result only when it succeeds.
    pub async fn get_or_make<E: From<CacheError>>(
        &self,
        make: impl AsyncFnOnce(&Utf8Path) -> Result<(), E>,
    ) -> Result<Utf8PathBuf, E> {
        if self.is_there() {
            return Ok(self.path());
        }
        let _lock = lock(&self.name.replace('/', "-")).await?;
        if self.is_there() {
            return Ok(self.path());
        }
        let fresh = fresh_dir()?;
        make(path_of(&fresh)?).await?;
        self.keep(fresh)?;
        Ok(self.path())
    }

    fn keep(&self, fresh: tempfile::TempDir) -> Result<(), CacheError> {
        let path = self.path();
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(CacheError::at(parent))?;
        }
        open_to_all(path_of(&fresh)?)?;
        std::fs::rename(fresh.path(), &path).map_err(CacheError::at(&path))?;
        // It is no longer there to be removed.
        let _ = fresh.keep();
        Ok(())
    }
}

/// A directory beside the results, on the same file system; removed unless kept.
pub fn fresh_dir() -> Result<tempfile::TempDir, CacheError> {
    let parent = cache_dir().join("tmp");
    std::fs::create_dir_all(&parent).map_err(CacheError::at(&parent))?;
    sweep(&parent);
    tempfile::tempdir_in(&parent).map_err(CacheError::at(parent))
}

/// Removes what killed processes left behind more than a day ago.
fn sweep(dir: &Utf8Path) {
    let is_old = |path: &Utf8Path| {
        let age = path.metadata().and_then(|found| found.modified()).ok().and_then(|made| made.elapsed().ok());
        age.is_some_and(|age| age > Duration::from_hours(24))
    };
    let entries = dir.read_dir_utf8().into_iter().flatten().flatten();
    for left in entries.filter(|entry| is_old(entry.path())) {
        let _ = std::fs::remove_dir_all(left.path());
    }
}

fn path_of(dir: &tempfile::TempDir) -> Result<&Utf8Path, CacheError> {
    let not_text = || std::io::Error::other("the path is not UTF-8");
    Utf8Path::from_path(dir.path()).ok_or_else(|| CacheError::Io { path: cache_dir(), source: not_text() })
}

/// A temporary directory is private to its maker; a result is not.
fn open_to_all(dir: &Utf8Path) -> Result<(), CacheError> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).map_err(CacheError::at(dir))
}

/// PATH, and behind it the tools of ours that it lacks.
pub fn search_path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:{}", cache_dir().join("bin"))
}

/// Makes `bin/NAME` in the cache point to the program, for recipes and people.
pub fn link_bin(program: &Utf8Path, name: &str) -> Result<(), CacheError> {
    link(&cache_dir().join("bin"), program, name)
}

/// The folder of Skaffold and the Helm that it works with, to be put before PATH.
pub fn pair_dir() -> Utf8PathBuf {
    cache_dir().join("pair")
}

/// Makes its links point to these programs.
pub(crate) fn link_pair(programs: &[(&str, &Utf8Path)]) -> Result<(), CacheError> {
    programs.iter().try_for_each(|(name, program)| link(&pair_dir(), program, name))
}

fn link(bin: &Utf8Path, program: &Utf8Path, name: &str) -> Result<(), CacheError> {
    std::fs::create_dir_all(bin).map_err(CacheError::at(bin))?;
    let link = bin.join(name);
    if link.read_link_utf8().is_ok_and(|target| target == program) {
        return Ok(());
    }
    let new = bin.join(format!(".{name}.{}", std::process::id()));
    let _ = std::fs::remove_file(&new);
    std::os::unix::fs::symlink(program, &new).map_err(CacheError::at(&new))?;
    std::fs::rename(&new, &link).map_err(CacheError::at(link))
}
