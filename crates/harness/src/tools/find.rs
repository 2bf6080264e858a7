//! Finding one program.

use super::ToolError;
use crate::cache::cache_dir;
use crate::command::Cmd;
use crate::host::Version;
use crate::setup::{HELM, HELM_4, KIND, KUBERNETES, SKAFFOLD, on_path};
use camino::{Utf8Path, Utf8PathBuf};
use std::fmt;
use std::time::Duration;

/// A program that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it is.
    pub path: Utf8PathBuf,
    /// What it says its version is.
    pub version: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.version, self.path)
    }
}

/// How a program is found.
struct Wanted {
    name: &'static str,
    /// The variable by which the user names one.
    variable: &'static str,
    /// What makes it print its version.
    version: &'static [&'static str],
    oldest: Version,
    /// What is too new, where something is.
    below: Option<Version>,
    /// The pinned one in the cache, there or not, and its version.
    own: Found,
}

/// kind.
pub(crate) fn kind() -> Result<Found, ToolError> {
    let own = Found { path: KIND.program("kind"), version: KIND.version().to_owned() };
    find(&Wanted {
        name: "kind",
        variable: "SEATRIAL_KIND",
        version: &["version"],
        oldest: Version(0, 31, 0),
        below: None,
        own,
    })
}

/// Helm, of either generation.
pub(crate) fn helm() -> Result<Found, ToolError> {
    let own = Found { path: HELM.program("helm"), version: HELM.version().to_owned() };
    let version = &["version", "--short"];
    find(&Wanted { name: "helm", variable: "SEATRIAL_HELM", version, oldest: Version(3, 14, 0), below: None, own })
}

/// A Helm 3: Skaffold works with no other.
pub(crate) fn helm_3() -> Result<Found, ToolError> {
    let own = Found { path: HELM.program("helm"), version: HELM.version().to_owned() };
    let (version, below) = (&["version", "--short"], Some(Version(4, 0, 0)));
    // A Helm 4 that the user named is for all the rest.
    let variable = "SEATRIAL_HELM_3";
    find(&Wanted { name: "helm", variable, version, oldest: Version(3, 14, 0), below, own })
}

/// Skaffold, of a version that knows the manifest's.
pub(crate) fn skaffold() -> Result<Found, ToolError> {
    let own = Found { path: SKAFFOLD.program("skaffold"), version: SKAFFOLD.version().to_owned() };
    let (version, oldest) = (&["version"], Version(2, 14, 0));
    find(&Wanted { name: "skaffold", variable: "SEATRIAL_SKAFFOLD", version, oldest, below: None, own })
}

/// Skaffold and the Helm that it works with.
pub fn skaffold_and_helm() -> Result<(Found, Found), ToolError> {
    Ok((skaffold()?, helm_3()?))
}

/// The pinned Helm 4, if the set-up has built it: nothing of ours asks for it, only the suite.
#[must_use]
pub fn helm_4() -> Option<Utf8PathBuf> {
    Some(HELM_4.program("helm")).filter(|path| path.is_file())
}

/// Docker's client.
pub(crate) fn docker() -> Result<Utf8PathBuf, ToolError> {
    on_path("docker").ok_or_else(|| ToolError::Missing { what: "docker".to_owned() })
}

/// kubectl on PATH, or the one that the node image was built from.
pub(super) fn kubectl() -> Option<Utf8PathBuf> {
    on_path("kubectl").or_else(|| {
        let own = cache_dir().join("bin/kubectl");
        (own.is_file() && KUBERNETES.place().is_there()).then_some(own)
    })
}

fn find(wanted: &Wanted) -> Result<Found, ToolError> {
    if let Ok(path) = std::env::var(wanted.variable) {
        return named(wanted, path.into());
    }
    if let Some(found) = on_path(wanted.name).and_then(|path| fitting(wanted, &path).ok()) {
        return Ok(found);
    }
    if wanted.own.path.is_file() {
        return Ok(wanted.own.clone());
    }
    Err(ToolError::Missing { what: format!("{} ({} or newer)", wanted.name, wanted.oldest) })
}

/// The one that the user named must fit: another one would be a surprise.
fn named(wanted: &Wanted, path: Utf8PathBuf) -> Result<Found, ToolError> {
    fitting(wanted, &path).map_err(|reason| ToolError::Named { variable: wanted.variable, path, reason })
}

fn fitting(wanted: &Wanted, path: &Utf8Path) -> Result<Found, String> {
    let asked = Cmd::new(path).args(wanted.version).timeout(Duration::from_secs(20));
    let said = asked.run_blocking().map_err(|error| error.to_string())?;
    let version = Version::find_in(&said.stdout).ok_or("does not say its version")?;
    if version < wanted.oldest {
        return Err(format!("is {version}; {} or newer is needed", wanted.oldest));
    }
    if let Some(below) = wanted.below.filter(|below| version >= *below) {
        return Err(format!("is {version}; one before {below} is needed"));
    }
    Ok(Found { path: path.to_owned(), version: version.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn program(dir: &Utf8Path, says: &str) -> Utf8PathBuf {
        let path = dir.join("tool");
        std::fs::write(&path, format!("#!/bin/sh\necho {says}\n")).expect("write");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("mode");
        path
    }

    fn check(says: &str, below: Option<Version>, expected: Result<&str, &str>) {
        let dir = tempfile::tempdir().expect("dir");
        let path = program(Utf8Path::from_path(dir.path()).expect("utf-8"), says);
        let own = Found { path: "/none".into(), version: String::new() };
        let wanted =
            Wanted { name: "tool", variable: "NONE", version: &["version"], oldest: Version(0, 31, 0), below, own };
        let found = fitting(&wanted, &path).map(|found| found.version);
        assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn only_a_fitting_version_is_taken() {
        check("kind v0.33.0 go1.26", None, Ok("v0.33.0"));
        check("kind v0.20.0 go1.20", None, Err("is v0.20.0; v0.31.0 or newer is needed"));
        check("hello", None, Err("does not say its version"));
        check("v3.22.0+g1", Some(Version(4, 0, 0)), Ok("v3.22.0"));
        check("v4.3.1+g1", Some(Version(4, 0, 0)), Err("is v4.3.1; one before v4.0.0 is needed"));
    }
}
