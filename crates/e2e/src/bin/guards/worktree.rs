//! The tree that is patched: a worktree of HEAD, in a place of its own.

use super::Outcome;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_harness::command::Cmd;
use std::time::Duration;

/// A worktree under `target/guards`.
pub(crate) struct Worktree {
    root: Utf8PathBuf,
    pub(crate) folder: Utf8PathBuf,
    /// Where it is built: not where the checkout is.
    pub(crate) build: Utf8PathBuf,
}

impl Worktree {
    /// A new one of HEAD; what a killed run left is removed first.
    pub(crate) async fn of_head(root: &Utf8Path) -> Outcome<Self> {
        let target = root.join("target");
        let worktree =
            Self { root: root.to_owned(), folder: target.join("guards"), build: target.join("guards-build") };
        if worktree.folder.exists() {
            worktree.remove().await?;
        }
        let folder = worktree.folder.as_str();
        git(root, &["worktree", "prune"]).await?;
        git(root, &["worktree", "add", "--quiet", "--force", "--detach", folder, "HEAD"]).await?;
        Ok(worktree)
    }

    /// Violates.
    pub(crate) async fn apply(&self, patch: &Utf8Path) -> Outcome<()> {
        git(&self.folder, &["apply", "--whitespace=nowarn", patch.as_str()]).await
    }

    /// Makes it sound again.
    pub(crate) async fn reset(&self) -> Outcome<()> {
        git(&self.folder, &["checkout", "--quiet", "--force", "HEAD", "--", "."]).await?;
        git(&self.folder, &["clean", "--quiet", "--force", "-d"]).await
    }

    /// Removes it; what was built stays for the next time.
    pub(crate) async fn remove(&self) -> Outcome<()> {
        git(&self.root, &["worktree", "remove", "--force", self.folder.as_str()]).await
    }
}

async fn git(folder: &Utf8Path, args: &[&str]) -> Outcome<()> {
    Cmd::new("git").args(args).cwd(folder).timeout(Duration::from_mins(2)).run_ok().await?;
    Ok(())
}
