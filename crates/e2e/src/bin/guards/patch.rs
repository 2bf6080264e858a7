//! A violation of an invariant: a unified diff with a header that names the guard.
//!
//! ```text
//! Invariant: 5 There is one wait primitive
//! Violation: a sleep beside it
//! Guard: lint clippy::disallowed_methods
//! Run: clippy --package seatrial-probes --all-targets
//!
//! --- a/crates/…
//! ```
//!
//! `Guard` is `test BINARY NAME`, as nextest prints it, or `lint NAME`. `Cluster: yes` stands where the guard needs one.

use super::Outcome;
use camino::{Utf8Path, Utf8PathBuf};

/// One violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Patch {
    /// The file's name without its ending.
    pub(crate) name: String,
    /// The file.
    pub(crate) path: Utf8PathBuf,
    /// Number and words of the invariant.
    pub(crate) invariant: String,
    /// What the patch does to it.
    pub(crate) violation: String,
    /// What must fail.
    pub(crate) guard: Guard,
    /// The arguments of cargo that judge it.
    pub(crate) run: String,
    /// Whether the guard needs a cluster.
    pub(crate) needs_cluster: bool,
}

/// What must fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// A test, as nextest names it: `seatrial-contracts judge::tests::x`.
    Test(String),
    /// A lint of clippy.
    Lint(String),
}

impl Patch {
    /// Whether its name, or the command that judges it, holds this text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.name.contains(text) || self.run.contains(text)
    }
}

impl Guard {
    /// Its name among the failures.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Test(name) | Self::Lint(name) => name,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.split_once(' ')? {
            ("test", name) if name.contains(' ') => Some(Self::Test(name.trim().to_owned())),
            ("lint", name) => Some(Self::Lint(name.trim().to_owned())),
            _ => None,
        }
    }
}

/// All patches of a folder, by name.
pub(crate) fn all(folder: &Utf8Path) -> Outcome<Vec<Patch>> {
    let entries = folder.read_dir_utf8().map_err(|error| format!("{folder}: {error}"))?.flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path().to_owned()).collect();
    paths.retain(|path| path.extension() == Some("patch"));
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Utf8Path) -> Outcome<Patch> {
    let text = std::fs::read_to_string(path)?;
    Ok(parse(path, &text).map_err(|missing| format!("{path}: its header has no good `{missing}:`"))?)
}

fn parse(path: &Utf8Path, text: &str) -> Result<Patch, &'static str> {
    let header = text.lines().take_while(|line| !line.starts_with("--- ") && !line.starts_with("diff "));
    let header: Vec<(&str, &str)> = header.filter_map(|line| line.split_once(": ")).collect();
    let get =
        |key: &'static str| header.iter().find(|(name, _)| *name == key).map(|(_, value)| value.trim()).ok_or(key);
    let run = get("Run")?;
    let is_known = ["nextest run ", "clippy "].iter().any(|start| run.starts_with(start));
    Ok(Patch {
        name: path.file_stem().unwrap_or_default().to_owned(),
        path: path.to_owned(),
        invariant: get("Invariant")?.to_owned(),
        violation: get("Violation")?.to_owned(),
        guard: Guard::parse(get("Guard")?).ok_or("Guard")?,
        run: if is_known { run.to_owned() } else { return Err("Run") },
        needs_cluster: get("Cluster").is_ok_and(|value| value == "yes"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "\
Invariant: 5 There is one wait primitive
Violation: a sleep beside it
Guard: lint clippy::disallowed_methods
Run: clippy --package seatrial-probes

--- a/Guard: x
";

    #[test]
    fn a_header_names_the_guard() {
        let patch = parse(Utf8Path::new("guards/05-sleep.patch"), HEADER).expect("a good header");
        assert_eq!(patch.name, "05-sleep");
        assert_eq!(patch.guard, Guard::Lint("clippy::disallowed_methods".into()));
        assert_eq!(patch.run, "clippy --package seatrial-probes");
        assert!(!patch.needs_cluster);
    }

    #[test]
    fn a_bad_header_is_told_by_its_key() {
        let check = |from: &str, to: &str| parse(Utf8Path::new("x.patch"), &HEADER.replace(from, to)).err();
        assert_eq!(check("Violation", "Violence"), Some("Violation"));
        assert_eq!(check("lint clippy", "clippy"), Some("Guard"));
        assert_eq!(check("lint ", "test "), Some("Guard"), "a test has a binary and a name");
        assert_eq!(check("clippy --package", "rm --package"), Some("Run"));
    }

    #[test]
    fn every_patch_here_has_a_good_header_and_its_guard_a_place_in_the_architecture() {
        let root = e2e::program::root();
        let patches = all(&root.join("guards")).expect("patches");
        assert!(!patches.is_empty());
        let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).expect("the document");
        for patch in patches {
            // A case of a table is named by its test.
            let is_named = patch.guard.name().rsplit("::").take(2).any(|name| text.contains(name));
            assert!(is_named, "ARCHITECTURE.md does not name {} as a guard", patch.guard.name());
        }
    }
}
