//! Images that stand in for public ones: where registries answer those are pulled; else they are made from Debian's
//! package of the same version, called in the same way.

use super::error::StepError;
use super::roots::Root;
use super::{Ctx, docker, recipes, roots};
use crate::cache::{KeyOf, fresh_dir};
use camino::Utf8Path;

/// A stand-in for a public image.
pub(crate) struct DebianImage {
    /// What contracts and charts name.
    pub(crate) tag: &'static str,
    /// The folder of its recipe.
    folder: &'static str,
    root: &'static Root,
}

/// What the chart `pallet-registry` runs.
pub(crate) const REGISTRY: DebianImage =
    DebianImage { tag: "registry:2.8.2", folder: "images/registry", root: &roots::REGISTRY };

/// What the need `postgres` runs, in the version that Debian has.
pub(crate) const POSTGRES: DebianImage =
    DebianImage { tag: "postgres:15", folder: "images/postgres", root: &roots::POSTGRES };

impl DebianImage {
    fn key(&self) -> String {
        let key = KeyOf::new().part(self.root.place().key().as_str());
        recipes::add_to(key, self.folder).key().to_string()
    }

    /// The tag, if the engine has the image and it is of these recipes.
    pub(super) async fn find(&self, ctx: &Ctx<'_>) -> Option<String> {
        if ctx.host.registry {
            return Some(format!("{}, pulled when needed", self.tag));
        }
        docker::image_key(self.tag).await.filter(|found| *found == self.key()).map(|_| self.tag.to_owned())
    }

    /// Makes the image.
    pub(super) async fn make(&self, ctx: &mut Ctx<'_>) -> Result<String, StepError> {
        let root = self.root.image(ctx).await?;
        let context = fresh_dir()?;
        let context = Utf8Path::from_path(context.path()).unwrap_or(Utf8Path::new("."));
        recipes::write(self.folder, context)?;
        docker::build(context, self.tag, &self.key(), &[("ROOT", &root)]).await?;
        Ok(self.tag.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_are_there_and_no_two_are_the_same() {
        for image in [REGISTRY, POSTGRES] {
            assert!(recipes::text(&format!("{}/Dockerfile", image.folder)).contains("ARG ROOT"), "{}", image.tag);
            assert!(!recipes::words(&format!("{}/packages.txt", image.folder)).is_empty(), "{}", image.tag);
        }
        assert_ne!(REGISTRY.key(), POSTGRES.key());
    }
}
