//! The last release of a chart, for the clauses that compare with it: a checked-in copy in `.last-release/NAME` beside
//! the chart, else the newest tag of the checkout (`NAME-1.2.3`, as chart-releaser writes them, or `v1.2.3`) that is no
//! tag of what is checked out, or, with `released: target-branch`, where this branch left the main one. Where none is
//! found there is no last release, and no clause about it.

use super::{Folder, render};
use crate::command::Cmd;
use crate::state;
use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;
use seatrial_contracts::model::{Contract, LastRelease, Released};
use std::time::Duration;

/// Git answers in milliseconds; a hook or a network home may hang.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The folder of a last release, and what it is called in findings.
struct Found {
    path: Utf8PathBuf,
    name: String,
}

/// The last release as each environment would install it. What can't be had is none: it is no mistake of this chart.
pub(super) async fn all(
    folder: &Folder,
    contract: &Contract,
    helm: &Utf8Path,
    released: Option<&Released>,
    is_cached: bool,
) -> IndexMap<String, LastRelease> {
    let Some(found) = find(folder, released).await else { return IndexMap::new() };
    let Ok(old) = Folder::read(&found.path) else { return IndexMap::new() };
    let contract = with_files_of(&old, contract);
    let Ok(renders) = render::all(&old, &contract, helm, is_cached).await else { return IndexMap::new() };
    let (name, path) = (&found.name, found.path.as_str());
    let last = |rendered: String| LastRelease { name: name.clone(), path: path.to_owned(), rendered: rendered.into() };
    renders.into_iter().filter_map(|(name, render)| Some((name, last(render.ok()?)))).collect()
}

/// The contract with the values files that the old chart had.
fn with_files_of(old: &Folder, contract: &Contract) -> Contract {
    let mut contract = contract.clone();
    for environment in contract.environments.values_mut() {
        environment.values.retain(|file| old.files.contains_key(file));
    }
    contract
}

async fn find(folder: &Folder, released: Option<&Released>) -> Option<Found> {
    if let Some(found) = checked_in(&folder.path) {
        return Some(found);
    }
    match released {
        None | Some(Released::GitTags) => tagged(folder).await,
        Some(Released::TargetBranch) => branched(folder).await,
        Some(Released::Oci(_)) => None,
    }
}

fn checked_in(chart: &Utf8Path) -> Option<Found> {
    let chart = chart.canonicalize_utf8().ok()?;
    let path = chart.parent()?.join(".last-release").join(chart.file_name()?);
    let about: serde_json::Value =
        serde_yaml::from_str(&std::fs::read_to_string(path.join("Chart.yaml")).ok()?).ok()?;
    let version = about["version"].as_str().unwrap_or("of no version");
    Some(Found { name: format!("release {version}"), path })
}

async fn tagged(folder: &Folder) -> Option<Found> {
    let chart = &folder.path;
    let here = git(chart, &["tag", "--points-at", "HEAD"]).await?;
    let tags = git(chart, &["tag", "--merged", "HEAD", "--sort=-version:refname"]).await?;
    let tag = newest(&folder.name, &tags, &here)?;
    at(chart, tag, format!("tag {tag}")).await
}

/// What the branch was when this one left it.
async fn branched(folder: &Folder) -> Option<Found> {
    for branch in ["origin/HEAD", "main", "master"] {
        if let Some(base) = git(&folder.path, &["merge-base", "HEAD", branch]).await {
            return at(&folder.path, &base, format!("branch {branch}")).await;
        }
    }
    None
}

/// The chart's folder at a commit.
async fn at(chart: &Utf8Path, commit: &str, name: String) -> Option<Found> {
    let prefix = git(chart, &["rev-parse", "--show-prefix"]).await?;
    let tree = git(chart, &["rev-parse", &format!("{commit}:{}", prefix.trim_end_matches('/'))]).await?;
    Some(Found { path: unpacked(chart, &tree).await?, name })
}

/// The newest tag of this chart, or of the whole repository where it has none of its own.
fn newest<'t>(chart: &str, tags: &'t str, here: &str) -> Option<&'t str> {
    let is_version = |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('.');
    let before = || tags.lines().filter(|tag| !here.lines().any(|own| own == *tag));
    let own =
        before().find(|tag| tag.strip_prefix(chart).and_then(|rest| rest.strip_prefix('-')).is_some_and(is_version));
    own.or_else(|| before().find(|tag| is_version(tag.strip_prefix('v').unwrap_or(tag))))
}

/// The tree in a folder of its own: unpacked once, it stays what it is.
async fn unpacked(chart: &Utf8Path, tree: &str) -> Option<Utf8PathBuf> {
    let dir = state::home().join("last-releases").join(tree);
    if dir.join("Chart.yaml").is_file() {
        return Some(dir);
    }
    let part = state::home().join("last-releases").join(format!("{tree}.{}", std::process::id()));
    std::fs::create_dir_all(&part).ok()?;
    if unpack(chart, tree, &part).await.is_none() {
        let _ = std::fs::remove_dir_all(&part);
        return None;
    }
    // Who was faster has the same files.
    if std::fs::rename(&part, &dir).is_err() {
        let _ = std::fs::remove_dir_all(&part);
    }
    Some(dir).filter(|dir| dir.join("Chart.yaml").is_file())
}

/// From the top of the checkout: below it, git takes only what is of the same path in the tree.
async fn unpack(chart: &Utf8Path, tree: &str, into: &Utf8Path) -> Option<()> {
    let top = Utf8PathBuf::from(git(chart, &["rev-parse", "--show-toplevel"]).await?);
    let archive = into.join("archive.tar");
    git(&top, &["archive", "--format=tar", &format!("--output={archive}"), tree]).await?;
    let untar = Cmd::new("tar").args(["-xf", archive.as_str(), "-C", into.as_str()]).timeout(TIMEOUT);
    untar.run_ok().await.ok()?;
    std::fs::remove_file(&archive).ok()
}

/// What git says in a folder; nothing where it has nothing to say, or is not there.
async fn git(dir: &Utf8Path, args: &[&str]) -> Option<String> {
    let finished = Cmd::new("git").args(args).cwd(dir).timeout(TIMEOUT).run_ok().await.ok()?;
    Some(finished.text().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_tag_is_the_charts_own() {
        let tags = "web-1.10.0\nweb-1.9.0\nv3.0.0\nweb-api-2.0.0\nlatest";
        assert_eq!(newest("web", tags, ""), Some("web-1.10.0"));
        assert_eq!(newest("web", tags, "web-1.10.0"), Some("web-1.9.0"));
        assert_eq!(newest("web-api", tags, ""), Some("web-api-2.0.0"));
        assert_eq!(newest("other", tags, ""), Some("v3.0.0"));
        assert_eq!(newest("other", "latest\nother", ""), None);
    }

    async fn commit(root: &Utf8Path, message: &str) {
        for args in [
            &["add", "-A"][..],
            &[
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@example.com",
                "-c",
                "commit.gpgsign=false",
                "commit",
                "-qm",
                message,
            ],
        ] {
            git(root, args).await.expect("git");
        }
    }

    #[tokio::test]
    async fn a_tagged_chart_is_found_and_unpacked() {
        let dir = tempfile::tempdir().expect("dir");
        let root = Utf8Path::from_path(dir.path()).expect("utf8").canonicalize_utf8().expect("path");
        let chart = root.join("charts/web");
        std::fs::create_dir_all(&chart).expect("dir");
        std::fs::write(chart.join("Chart.yaml"), "name: web\nversion: 1.0.0\n").expect("write");
        git(&root, &["init", "-q"]).await.expect("git");
        commit(&root, "one").await;
        assert!(find(&Folder::read(&chart).expect("a chart"), None).await.is_none(), "no tag yet");
        git(&root, &["tag", "web-1.0.0"]).await.expect("tag");
        std::fs::write(chart.join("Chart.yaml"), "name: web\nversion: 1.1.0\n").expect("write");
        commit(&root, "two").await;
        let found = find(&Folder::read(&chart).expect("a chart"), None).await.expect("a last release");
        assert_eq!(found.name, "tag web-1.0.0");
        assert!(std::fs::read_to_string(found.path.join("Chart.yaml")).expect("Chart.yaml").contains("1.0.0"));
    }

    #[test]
    fn a_checked_in_release_comes_first() {
        let dir = tempfile::tempdir().expect("dir");
        let root = Utf8Path::from_path(dir.path()).expect("utf8");
        for (path, version) in [("web", "1.1.0"), (".last-release/web", "1.0.0")] {
            std::fs::create_dir_all(root.join(path)).expect("dir");
            std::fs::write(root.join(path).join("Chart.yaml"), format!("name: web\nversion: {version}\n"))
                .expect("write");
        }
        assert_eq!(checked_in(&root.join("web")).map(|found| found.name).as_deref(), Some("release 1.0.0"));
        assert!(checked_in(&root.join(".last-release/web")).is_none());
    }
}
