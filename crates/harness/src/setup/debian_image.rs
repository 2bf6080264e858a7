//! Images of Debian's packages. Most stand in for public ones of the same version, called in the same way: where
//! registries answer, those are pulled instead. The others are made on every host.

use super::error::StepError;
use super::roots::Root;
use super::{Ctx, docker, recipes, roots};
use crate::cache::{KeyOf, fresh_dir};
use camino::Utf8Path;

/// An image of Debian's packages.
pub(crate) struct DebianImage {
    /// What contracts and charts name.
    pub(crate) tag: &'static str,
    /// The folder of its recipe.
    folder: &'static str,
    root: &'static Root,
    /// Whether a public image has this name.
    is_public: bool,
}

/// What the chart `pallet-registry` runs.
pub(crate) const REGISTRY: DebianImage =
    DebianImage { tag: "registry:2.8.2", folder: "images/registry", root: &roots::REGISTRY, is_public: true };

/// What the chart `strato` and the need `postgres` run, in the version that Debian has.
pub(crate) const POSTGRES: DebianImage =
    DebianImage { tag: "postgres:15", folder: "images/postgres", root: &roots::POSTGRES, is_public: true };

/// The switch of the chart `strato`.
pub(super) const OPENVSWITCH: DebianImage =
    DebianImage { tag: "openvswitch:3.1", folder: "images/openvswitch", root: &roots::OPENVSWITCH, is_public: false };

/// The network control of the chart `strato`; one root for both, as they share libraries and tools.
pub(super) const OVN: DebianImage =
    DebianImage { tag: "ovn:23.03", folder: "images/ovn", root: &roots::OPENVSWITCH, is_public: false };

impl DebianImage {
    fn key(&self) -> String {
        let key = KeyOf::new().part(self.root.place().key().as_str());
        recipes::add_to(key, self.folder).key().to_string()
    }

    /// The tag, if the engine has the image and it is of these recipes.
    pub(super) async fn find(&self, ctx: &Ctx<'_>) -> Option<String> {
        if ctx.host.registry && self.is_public {
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
    use std::collections::BTreeSet;

    #[test]
    fn recipes_are_there_and_no_two_are_the_same() {
        let images = [REGISTRY, POSTGRES, OPENVSWITCH, OVN];
        for image in &images {
            assert!(recipes::text(&format!("{}/Dockerfile", image.folder)).contains("ARG ROOT"), "{}", image.tag);
            assert!(image.root.has_packages(), "{}", image.tag);
            assert!(image.is_public || image.root.is_for_every_host(), "{}", image.tag);
        }
        let keys: BTreeSet<String> = images.iter().map(DebianImage::key).collect();
        assert_eq!(keys.len(), images.len());
    }
}
