//! Keys: the hash of all that makes a result.

use super::CacheError;
use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};
use std::fmt;

/// The first twelve hexadecimal digits of a SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Collects what makes a result. Each part goes in with its length, so that
/// text never moves from one part into the next unseen.
#[derive(Default, Clone)]
pub struct KeyOf(Sha256);

impl KeyOf {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A text or the content of a file.
    #[must_use]
    pub fn part(mut self, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    /// All files below a directory, with their names relative to it.
    pub fn dir(mut self, dir: &Utf8Path) -> Result<Self, CacheError> {
        for file in files_below(dir)? {
            let content = std::fs::read(&file).map_err(CacheError::at(&file))?;
            let name = file.strip_prefix(dir).unwrap_or(&file).as_str().to_owned();
            self = self.part(name).part(content);
        }
        Ok(self)
    }

    /// The key of all parts.
    #[must_use]
    pub fn key(self) -> Key {
        Key(short(&self.0.finalize()))
    }
}

/// The key of one file's content, as in the tag of an image that holds just this file.
pub fn hash_file(path: &Utf8Path) -> Result<Key, CacheError> {
    let content = std::fs::read(path).map_err(CacheError::at(path))?;
    Ok(Key(short(&Sha256::digest(content))))
}

fn short(digest: &[u8]) -> String {
    use std::fmt::Write;
    digest.iter().take(6).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// All files below a directory, sorted.
pub fn files_below(dir: &Utf8Path) -> Result<Vec<Utf8PathBuf>, CacheError> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in dir.read_dir_utf8().map_err(CacheError::at(&dir))? {
            let path = entry.map_err(CacheError::at(&dir))?.into_path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_flow_into_each_other() {
        assert_ne!(KeyOf::new().part("ab").part("c").key(), KeyOf::new().part("a").part("bc").key());
        assert_eq!(KeyOf::new().part("ab").key(), KeyOf::new().part("ab").key());
    }

    #[test]
    fn a_renamed_file_changes_the_key() {
        let dir = tempfile::tempdir().expect("dir");
        let root = Utf8Path::from_path(dir.path()).expect("utf-8");
        std::fs::write(root.join("a"), "1").expect("write");
        let before = KeyOf::new().dir(root).expect("dir").key();
        std::fs::rename(root.join("a"), root.join("b")).expect("rename");
        assert_ne!(before, KeyOf::new().dir(root).expect("dir").key());
    }

    #[test]
    fn twelve_digits() {
        assert_eq!(KeyOf::new().part("x").key().as_str().len(), 12);
    }
}
