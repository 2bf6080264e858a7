//! Images that hold one program of this workspace and nothing else: a static binary, built from the checkout. The tag is
//! its hash, or, where a chart names the image, the version that the chart names: then what it was made from is known by
//! its label alone, and one of other sources is made again.

use super::error::StepError;
use super::{Ctx, apt, docker, recipes};
use crate::cache::{CacheError, KeyOf, Place, cache_dir, hash_file};
use crate::command::Cmd;
use camino::{Utf8Path, Utf8PathBuf};
use std::time::Duration;

/// A program of this workspace that is shipped as an image.
#[derive(Debug)]
pub(crate) struct ProgramImage {
    /// The binary, the last part of the image's name and the folder of its recipe in `images/`.
    name: &'static str,
    /// What charts and contracts call it, without a tag.
    repository: &'static str,
    /// The tag that charts name; the binary's hash where they name none.
    version: Option<&'static str>,
    /// The package that has the binary.
    package: &'static str,
    /// The folders that it is built from.
    sources: &'static [&'static str],
}

/// The in-cluster prober.
pub(crate) const PROBER: ProgramImage = ProgramImage {
    name: "prober",
    repository: "seatrial/prober",
    version: None,
    package: "seatrial-probes",
    sources: &["crates/probes", "crates/observation"],
};

/// The agents that work beside the registry.
pub(crate) const PALLET_AGENT: ProgramImage = workload("pallet-agent", "seatrial/pallet-agent", None);

/// What the chart `strato` is about: who is dialled, and who dials.
pub(crate) const STRATO_CONTROL_PLANE: ProgramImage =
    workload("strato-control-plane", "strato-control-plane", Some("0.1.0"));
pub(crate) const STRATO_AGENT: ProgramImage = workload("strato-agent", "strato-agent", Some("0.1.0"));

/// All of them.
pub(crate) const PROGRAM_IMAGES: [&ProgramImage; 4] = [&PROBER, &PALLET_AGENT, &STRATO_CONTROL_PLANE, &STRATO_AGENT];

const fn workload(name: &'static str, repository: &'static str, version: Option<&'static str>) -> ProgramImage {
    ProgramImage { name, repository, version, package: "workloads", sources: &["crates/workloads"] }
}

impl ProgramImage {
    /// The image's name without its tag.
    pub(crate) fn repository(&self) -> &'static str {
        self.repository
    }

    /// What the image of these sources is called, if its binary was built.
    pub(crate) fn tag(&self) -> Result<Option<String>, StepError> {
        let binary = self.place(&workspace()?)?.path().join(self.name);
        Ok(if binary.is_file() { Some(self.tag_of(&binary)?) } else { None })
    }

    /// The same by the engine, where the cache that built it is another one.
    pub(crate) async fn tag_in_engine(&self) -> Result<Option<String>, StepError> {
        let key = self.place(&workspace()?)?.key().to_string();
        Ok(docker::made_from(self.repository, &key).await)
    }

    /// The tag, if the engine has the image.
    pub(super) async fn find(&self) -> Result<Option<String>, StepError> {
        let Some(tag) = self.tag()? else { return Ok(None) };
        let place = self.place(&workspace()?)?;
        let label = docker::image_key(&tag).await;
        Ok(label.filter(|label| self.is_of(label, place.key().as_str())).map(|_| tag))
    }

    /// Whether an image of our tag is of the sources of this key, by its label. A tag that is a hash says so itself.
    fn is_of(&self, label: &str, key: &str) -> bool {
        self.version.is_none() || label == key
    }

    /// Builds binary and image.
    pub(super) async fn make(&self, ctx: &mut Ctx<'_>) -> Result<String, StepError> {
        let workspace = workspace()?;
        let place = self.place(&workspace)?;
        if !place.is_there() {
            apt::install_linker(ctx).await?;
            ctx.say(format!("building {}", self.name));
        }
        let dir = place.get_or_make(async |to| self.build(&workspace, to).await).await?;
        let tag = self.tag_of(&dir.join(self.name))?;
        docker::build(&dir, &tag, place.key().as_str(), &[]).await?;
        Ok(tag)
    }

    fn tag_of(&self, binary: &Utf8Path) -> Result<String, CacheError> {
        let version = match self.version {
            Some(version) => version.to_owned(),
            None => hash_file(binary)?.to_string(),
        };
        Ok(format!("{}:{version}", self.repository))
    }

    /// Everything that makes the binary.
    fn place(&self, workspace: &Utf8Path) -> Result<Place, CacheError> {
        let mut key = KeyOf::new().part(target());
        for file in ["Cargo.lock", "Cargo.toml"] {
            let path = workspace.join(file);
            key = key.part(std::fs::read(&path).map_err(CacheError::at(path))?);
        }
        for dir in self.sources {
            key = key.dir(&workspace.join(dir))?;
        }
        Ok(Place::new(self.name, key.key()))
    }

    async fn build(&self, workspace: &Utf8Path, to: &Utf8Path) -> Result<(), StepError> {
        // One for each checkout: cargo names what it links by the program alone, so two would take each other's.
        let target_dir = cache_dir().join("image-target").join(KeyOf::new().part(workspace.as_str()).key().as_str());
        let cargo = Cmd::new("cargo").args(["build", "--locked", "--package", self.package, "--bin", self.name]);
        let cargo = cargo.args(["--profile", "image", "--target", &target()]).cwd(workspace);
        // Static, because the image holds nothing else, not even a C library.
        let cargo = cargo.env("RUSTFLAGS", "-C target-feature=+crt-static").env("CARGO_TARGET_DIR", &target_dir);
        cargo.timeout(Duration::from_mins(30)).run_ok().await?;
        let built = target_dir.join(target()).join("image").join(self.name);
        std::fs::copy(&built, to.join(self.name)).map_err(CacheError::at(built))?;
        Ok(recipes::write(&format!("images/{}", self.name), to)?)
    }
}

/// The checkout that the programs are built from: `$SEATRIAL_WORKSPACE`, the one we are in, or the one that this
/// program was built from.
fn workspace() -> Result<Utf8PathBuf, StepError> {
    let named = std::env::var("SEATRIAL_WORKSPACE").ok().map(Utf8PathBuf::from);
    let here = std::env::current_dir().ok().and_then(|dir| Utf8PathBuf::try_from(dir).ok());
    let around = here.iter().flat_map(|dir| dir.ancestors()).map(Utf8Path::to_owned).collect::<Vec<_>>();
    let built_from = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut candidates = named.into_iter().chain(around).chain([built_from]);
    candidates.find(|dir| dir.join("crates/probes/Cargo.toml").is_file()).ok_or(StepError::NoCheckout)
}

fn target() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is not in a key is built and not noticed: a program may depend on nothing of ours outside its sources.
    #[test]
    fn sources_and_recipes_are_there() {
        let root = workspace().expect("the checkout");
        for image in PROGRAM_IMAGES {
            assert!(!recipes::text(&format!("images/{}/Dockerfile", image.name)).is_empty(), "{image:?}");
            let manifest = image.sources.first().map(|dir| root.join(dir).join("Cargo.toml"));
            let manifest = std::fs::read_to_string(manifest.expect("a source")).expect("a manifest");
            assert!(manifest.contains(&format!("name = \"{}\"", image.package)), "{image:?}");
            let ours =
                manifest.lines().filter(|line| line.starts_with("seatrial-")).filter_map(|line| line.split('.').next());
            let folders: Vec<String> = ours.map(|name| name.replace("seatrial-", "crates/")).collect();
            assert!(folders.iter().all(|folder| image.sources.contains(&folder.as_str())), "{image:?}: {folders:?}");
        }
    }

    #[test]
    fn the_name_is_that_of_the_program() {
        assert_eq!(PALLET_AGENT.repository(), "seatrial/pallet-agent");
        assert_eq!(STRATO_AGENT.tag_of(Utf8Path::new("/nowhere")).expect("a tag"), "strato-agent:0.1.0");
    }

    /// Under a tag that stays, an image of older sources is missing.
    #[test]
    fn what_is_stale_is_missing() {
        for image in [&STRATO_CONTROL_PLANE, &STRATO_AGENT] {
            assert!(image.is_of("new", "new"), "{image:?}");
            assert!(!image.is_of("old", "new") && !image.is_of("", "new"), "{image:?}");
        }
        assert!(PALLET_AGENT.is_of("old", "new"), "its tag says what it is");
    }

    /// The version is that of the program: who raises one raises the other.
    #[test]
    fn the_tag_is_the_version_of_the_workspace() {
        let manifest =
            std::fs::read_to_string(workspace().expect("the checkout").join("Cargo.toml")).expect("a manifest");
        let version = format!("version = \"{}\"", STRATO_AGENT.version.expect("a version"));
        assert!(manifest.contains(&version) && STRATO_CONTROL_PLANE.version == STRATO_AGENT.version);
    }
}
