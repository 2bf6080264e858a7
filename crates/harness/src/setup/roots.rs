//! Roots of images from the distribution's packages, by mmdebstrap, kept as
//! archives in the cache; where registries answer, in Debian's own image.

use super::error::StepError;
use super::steps::twice;
use super::{Ctx, apt, docker, recipes};
use crate::cache::{KeyOf, Place, fresh_dir};
use crate::command::{Cmd, CommandError};
use camino::{Utf8Path, Utf8PathBuf};
use std::time::{Duration, Instant};

/// The release that all roots are made of.
const SUITE: &str = "bookworm";

/// A root and the packages in it.
pub(super) struct Root {
    /// What it is called in the cache and as an image.
    name: &'static str,
    /// The folder with its `packages.txt` and, if it has one, its `customize.sh`.
    folder: &'static str,
    /// Of mmdebstrap: `extract` only unpacks, `minbase` installs a small Debian.
    variant: &'static str,
}

/// What a node runs on.
pub(super) const NODE: Root = Root { name: "root-node", folder: "images/node", variant: "minbase" };
/// What the control-plane images run on.
pub(super) const TINY: Root = Root { name: "root-tiny", folder: "images/base", variant: "extract" };
/// What the registry runs on.
pub(super) const REGISTRY: Root = Root { name: "root-registry", folder: "images/registry", variant: "extract" };
/// What PostgreSQL runs on.
pub(super) const POSTGRES: Root = Root { name: "root-postgres", folder: "images/postgres", variant: "extract" };
/// What Open vSwitch and OVN run on.
pub(super) const OPENVSWITCH: Root =
    Root { name: "root-openvswitch", folder: "images/openvswitch", variant: "extract" };

/// What nobody reads inside a container.
const SLIM: &str = r#"cd "$1" && rm -rf usr/share/doc usr/share/man usr/share/locale usr/share/info"#;

impl Root {
    /// Its place in the cache.
    pub(super) fn place(&self) -> Place {
        let packages = recipes::words(&format!("{}/packages.txt", self.folder)).join(",");
        let customize = recipes::text(&format!("{}/customize.sh", self.folder));
        let key = KeyOf::new().part(SUITE).part(self.variant).part(packages).part(customize).part(SLIM);
        // Only those that have one: all others keep their keys.
        let installed = recipes::text(&self.dockerfile());
        let key = if installed.is_empty() { key } else { key.part(installed) };
        Place::new(self.name, key.key())
    }

    /// The image of this root, made if the engine does not have it.
    pub(super) async fn image(&self, ctx: &mut Ctx<'_>) -> Result<String, StepError> {
        let tag = format!("seatrial/{}:{}", self.name, self.place().key());
        if docker::image_id(&tag).await.is_none() {
            if ctx.host.registry && self.is_for_every_host() {
                self.install(ctx, &tag).await?;
            } else {
                docker::import(&self.archive(ctx).await?, &tag).await?;
            }
        }
        Ok(tag)
    }

    /// Whether it can be made where mmdebstrap can't be had: what is no Debian, and without root.
    pub(super) fn is_for_every_host(&self) -> bool {
        !recipes::text(&self.dockerfile()).is_empty()
    }

    #[cfg(test)]
    pub(super) fn has_packages(&self) -> bool {
        !recipes::words(&format!("{}/packages.txt", self.folder)).is_empty()
    }

    fn dockerfile(&self) -> String {
        format!("{}/root.Dockerfile", self.folder)
    }

    async fn install(&self, ctx: &mut Ctx<'_>, tag: &str) -> Result<(), StepError> {
        let (what, started) = (format!("installing {} in Debian's image", self.name), Instant::now());
        ctx.say(what.as_str());
        let context = fresh_dir()?;
        let context = Utf8Path::from_path(context.path()).unwrap_or(Utf8Path::new("."));
        recipes::write(self.folder, context)?;
        docker::build_online(context, "root.Dockerfile", tag).await?;
        ctx.say_done(&what, started);
        Ok(())
    }

    async fn archive(&self, ctx: &mut Ctx<'_>) -> Result<Utf8PathBuf, StepError> {
        let place = self.place();
        if !place.is_there() {
            apt::install(ctx, "mmdebstrap", &["mmdebstrap"]).await?;
            let (what, started) = (format!("making {} from Debian's packages", self.name), Instant::now());
            ctx.say(what.as_str());
            place.get_or_make(async |to| self.make(to).await).await?;
            ctx.say_done(&what, started);
        }
        Ok(place.path().join("root.tar"))
    }

    async fn make(&self, to: &Utf8Path) -> Result<(), StepError> {
        let recipe = to.join("recipe");
        recipes::write(self.folder, &recipe)?;
        let result = twice(async || self.mmdebstrap(&recipe, &to.join("root.tar")).await).await;
        let _ = std::fs::remove_dir_all(recipe);
        Ok(result?)
    }

    async fn mmdebstrap(&self, recipe: &Utf8Path, archive: &Utf8Path) -> Result<(), CommandError> {
        // The variant `extract` installs nothing and so never calls the later hooks.
        let hook = if self.variant == "extract" { "--extract-hook" } else { "--customize-hook" };
        let packages = recipes::words(&format!("{}/packages.txt", self.folder)).join(",");
        let mut command = Cmd::new("mmdebstrap").arg(format!("--variant={}", self.variant));
        command = command.arg(format!("--include={packages}"));
        let customize = recipe.join("customize.sh");
        if customize.is_file() {
            command = command.arg(format!("{hook}={customize}"));
        }
        command = command.arg(format!("{hook}={SLIM}")).args([SUITE, archive.as_str()]);
        command.timeout(Duration::from_mins(15)).run_ok().await.map(|_| ())
    }
}
