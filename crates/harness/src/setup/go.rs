//! Programs that are built from pinned Go modules.

use super::error::StepError;
use super::steps::twice;
use super::{Ctx, recipes};
use crate::cache::{KeyOf, Place};
use crate::command::{Cmd, CommandError};
use camino::{Utf8Path, Utf8PathBuf};
use std::time::{Duration, Instant};

/// A Go module of ours and the programs that are built from it.
pub(crate) struct GoModule {
    /// Its folder in the repository, which is also its place in the cache.
    pub(super) folder: &'static str,
    /// The module whose version names the result.
    pub(super) pinned: &'static str,
    /// Each package and the name of its program. Several must keep the names that Go gives.
    pub(super) programs: &'static [(&'static str, &'static str)],
    /// Variables that get a value by the linker; `{version}` is the pinned version.
    pub(super) linked: &'static [&'static str],
}

impl GoModule {
    /// The version in its go.mod.
    pub(crate) fn version(&self) -> &'static str {
        pin(recipes::text(&format!("{}/go.mod", self.folder)), self.pinned)
    }

    fn flags(&self) -> String {
        let linked =
            self.linked.iter().map(|variable| format!(" -X {}", variable.replace("{version}", self.version())));
        linked.fold("-s -w".to_owned(), |flags, variable| flags + &variable)
    }

    /// Where its programs are, or will be.
    pub(crate) fn place(&self) -> Place {
        let key = recipes::add_to(KeyOf::new().part(self.flags()), self.folder);
        let name = self.folder.rsplit('/').next().unwrap_or(self.folder);
        Place::new(name, key.key())
    }

    /// The path of one of its programs, there or not.
    pub(crate) fn program(&self, name: &str) -> Utf8PathBuf {
        self.place().path().join(name)
    }

    /// Builds it if it is not there; gives the directory of its programs.
    pub(super) async fn build(&self, ctx: &mut Ctx<'_>) -> Result<Utf8PathBuf, StepError> {
        let place = self.place();
        if place.is_there() {
            return Ok(place.path());
        }
        let version = if self.pinned.is_empty() { "" } else { self.version() };
        let (what, started) = (format!("building {} {version}", self.folder), Instant::now());
        ctx.say(what.trim_end());
        let built = place.get_or_make(async |to| self.build_in(to).await).await?;
        ctx.say_done(what.trim_end(), started);
        Ok(built)
    }

    async fn build_in(&self, to: &Utf8Path) -> Result<(), StepError> {
        let source = to.join("source");
        recipes::write(self.folder, &source)?;
        twice(async || self.go_build(&source, to).await).await?;
        let _ = std::fs::remove_dir_all(source);
        Ok(())
    }

    async fn go_build(&self, source: &Utf8Path, to: &Utf8Path) -> Result<(), CommandError> {
        let output = match self.programs {
            [(_, name)] => to.join(name).into_string(),
            _ => format!("{to}/"),
        };
        let packages = self.programs.iter().map(|(package, _)| *package);
        let command =
            Cmd::new("go").args(["build", "-trimpath", "-buildvcs=false", "-ldflags", &self.flags(), "-o", &output]);
        let command = command.args(packages).cwd(source).env("CGO_ENABLED", "0").env("GOFLAGS", "-mod=readonly");
        command.timeout(Duration::from_mins(40)).run_ok().await.map(|_| ())
    }
}

/// The version of a module in the text of a go.mod.
fn pin<'a>(go_mod: &'a str, module: &str) -> &'a str {
    let version = |line: &'a str| {
        let mut words = line.trim().trim_start_matches("require ").split_whitespace();
        (words.next() == Some(module)).then(|| words.next()).flatten()
    };
    go_mod.lines().find_map(version).filter(|version| *version != "=>").unwrap_or("v0.0.0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::programs::ALL;

    #[test]
    fn every_module_has_a_pinned_version() {
        for module in ALL {
            assert!(module.pinned.is_empty() || module.version() != "v0.0.0", "{}", module.folder);
        }
    }

    #[test]
    fn helm_renders_for_its_own_kubernetes() {
        let modules = recipes::text("tools/helm/go.mod");
        let minor = pin(modules, "k8s.io/client-go").split('.').nth(1).expect("a version").to_owned();
        let linked = crate::setup::programs::HELM.linked.iter().filter(|flag| flag.contains("k8sVersionMinor"));
        assert_eq!(linked.filter(|flag| flag.ends_with(&format!("={minor}"))).count(), 2);
    }

    #[test]
    fn a_pin_is_found_in_a_block_and_alone() {
        assert_eq!(pin("require a/b v1.2.3\n", "a/b"), "v1.2.3");
        assert_eq!(pin("require (\n\ta/b v1.2.3 // indirect\n)", "a/b"), "v1.2.3");
        assert_eq!(pin("require a/bc v1", "a/b"), "v0.0.0");
    }
}
