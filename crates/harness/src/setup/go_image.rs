//! Images that hold one program of a pinned Go module and nothing else. Public images of it have other names, so these
//! are made on every host.

use super::error::StepError;
use super::go::GoModule;
use super::{Ctx, docker, programs, recipes};
use crate::cache::{CacheError, fresh_dir};
use camino::Utf8Path;

/// An image of a Go program; its recipe lies beside the go.mod.
pub(super) struct GoImage {
    /// What charts name.
    tag: &'static str,
    module: &'static GoModule,
}

/// What the chart `strato` asks who may do what.
pub(super) const PERMIFY_IMAGE: GoImage = GoImage { tag: "permify:1.2.0", module: &programs::PERMIFY };

impl GoImage {
    /// The tag, if the engine has the image and it is of this module.
    pub(super) async fn find(&self) -> Option<String> {
        let found = docker::image_key(self.tag).await;
        found.filter(|found| found == self.module.place().key().as_str()).map(|_| self.tag.to_owned())
    }

    /// Builds program and image.
    pub(super) async fn make(&self, ctx: &mut Ctx<'_>) -> Result<String, StepError> {
        let built = self.module.build(ctx).await?;
        let context = fresh_dir()?;
        let context = Utf8Path::from_path(context.path()).unwrap_or(Utf8Path::new("."));
        recipes::write(self.module.folder, context)?;
        for (_, program) in self.module.programs {
            let from = built.join(program);
            std::fs::copy(&from, context.join(program)).map_err(CacheError::at(from))?;
        }
        docker::build(context, self.tag, self.module.place().key().as_str(), &[]).await?;
        Ok(self.tag.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_the_version_of_the_module() {
        let tag = format!("permify:{}", programs::PERMIFY.version().trim_start_matches('v'));
        assert_eq!(PERMIFY_IMAGE.tag, tag);
        assert!(recipes::text("images/permify/Dockerfile").contains("COPY permify "));
    }
}
