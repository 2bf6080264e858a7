//! Where Seatrial keeps what must outlive a process: leases, kubeconfigs, the folders of runs, locks.
//!
//! ```text
//! $SEATRIAL_HOME/leases/<cluster>.json     what a teardown needs
//!                runs/<run>/               kubeconfig, steps and guard's output of one run
//!                clusters/<cluster>/       the same for a cluster that `up` made
//!                locks/<cluster>/          who uses which namespace
//!                storage/<cluster>/        data of `up` that outlives a node
//! ```

use crate::run_id::RunId;
use camino::{Utf8Path, Utf8PathBuf};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

/// The state directory: `$SEATRIAL_HOME`, else `seatrial` in the user's state directory.
pub fn home() -> Utf8PathBuf {
    home_of(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

fn home_of(var: impl Fn(&str) -> Option<String>) -> Utf8PathBuf {
    if let Some(home) = var("SEATRIAL_HOME") {
        return absolute(home.into());
    }
    let state = var("XDG_STATE_HOME").map(Utf8PathBuf::from).filter(|path| path.is_absolute());
    state
        .unwrap_or_else(|| Utf8PathBuf::from(var("HOME").unwrap_or("/var/tmp".into())).join(".local/state"))
        .join("seatrial")
}

fn absolute(path: Utf8PathBuf) -> Utf8PathBuf {
    camino::absolute_utf8(&path).unwrap_or(path)
}

/// The folder of one run; not made by asking.
pub fn run_dir(run: &RunId) -> Utf8PathBuf {
    home().join("runs").join(run.as_str())
}

/// The folder of a cluster that `up` made.
pub fn cluster_dir(cluster: &str) -> Utf8PathBuf {
    home().join("clusters").join(cluster)
}

/// The folder of the leases.
pub fn leases_dir() -> Utf8PathBuf {
    home().join("leases")
}

/// The folder of the namespace locks of a cluster.
pub fn locks_dir(cluster: &str) -> Utf8PathBuf {
    home().join("locks").join(cluster)
}

/// The folder with the data of `up` that outlives a node.
pub fn storage_dir(cluster: &str) -> Utf8PathBuf {
    home().join("storage").join(cluster)
}

/// Makes a folder that only its owner can read, with all above it.
pub fn make_private_dir(dir: &Utf8Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Writes a file that only its owner can read; a reader sees the old content or the new one, never a part.
pub fn write_private(path: &Utf8Path, content: &[u8]) -> std::io::Result<()> {
    if let Some(dir) = path.parent() {
        make_private_dir(dir)?;
    }
    let draft = path.with_file_name(format!(".{}.{}", path.file_name().unwrap_or("file"), unique()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file.write_all(content).and_then(|()| std::fs::rename(&draft, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    written
}

/// What to do about a file of ours that can't be written, where that is known.
pub(crate) fn remedy(refused: &std::io::Error) -> &'static str {
    match refused.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "; free space there, or set SEATRIAL_HOME to a folder on another disk"
        }
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            "; set SEATRIAL_HOME to a folder that you can write"
        }
        _ => "",
    }
}

/// A suffix that no other writer of this host has.
fn unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn check(vars: &[(&str, &str)], expected: &str) {
        let home = home_of(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()));
        assert_eq!(home, expected);
    }

    #[test]
    fn home_is_what_the_user_said_or_the_state_directory() {
        check(&[("SEATRIAL_HOME", "/a"), ("XDG_STATE_HOME", "/b"), ("HOME", "/c")], "/a");
        check(&[("XDG_STATE_HOME", "/b"), ("HOME", "/c")], "/b/seatrial");
        check(&[("XDG_STATE_HOME", "relative"), ("HOME", "/c")], "/c/.local/state/seatrial");
    }

    #[test]
    fn a_full_disk_has_a_remedy_and_a_failed_write_leaves_nothing() {
        assert!(remedy(&std::io::Error::from(std::io::ErrorKind::StorageFull)).contains("SEATRIAL_HOME"));
        assert_eq!(remedy(&std::io::Error::from(std::io::ErrorKind::NotFound)), "");
        let dir = tempfile::tempdir().expect("dir");
        let path = Utf8Path::from_path(dir.path()).expect("utf8").join("taken");
        std::fs::create_dir(&path).expect("a folder of that name");
        write_private(&path, b"one").expect_err("a folder is no file");
        assert_eq!(std::fs::read_dir(dir.path()).expect("list").count(), 1);
    }

    #[test]
    fn private_files_are_readable_by_their_owner_only() {
        let dir = tempfile::tempdir().expect("dir");
        let path = Utf8Path::from_path(dir.path()).expect("utf8").join("deep/file");
        write_private(&path, b"one").expect("write");
        write_private(&path, b"two").expect("write again");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "two");
        let mode = |path: &Utf8Path| std::fs::metadata(path).expect("stat").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().expect("dir"))), (0o600, 0o700));
        assert_eq!(std::fs::read_dir(path.parent().expect("dir")).expect("list").count(), 1, "no draft is left");
    }
}
