//! The image that the chart `pallet-registry` runs. Where registries answer it is
//! pulled; else it is made from Debian's package of the same version.

use super::error::StepError;
use super::{Ctx, docker, recipes, roots};
use crate::cache::{KeyOf, fresh_dir};
use camino::Utf8Path;

/// What the chart names.
pub(crate) const TAG: &str = "registry:2.8.2";

fn key() -> String {
    let key = KeyOf::new().part(roots::REGISTRY.place().key().as_str());
    recipes::add_to(key, "images/registry").key().to_string()
}

/// The tag, if the engine has the image and it is of these recipes.
pub(super) async fn find(ctx: &Ctx<'_>) -> Option<String> {
    if ctx.host.registry {
        return Some(format!("{TAG}, pulled when needed"));
    }
    docker::image_key(TAG).await.filter(|found| *found == key()).map(|_| TAG.to_owned())
}

/// Makes the image.
pub(super) async fn make(ctx: &mut Ctx<'_>) -> Result<String, StepError> {
    let root = roots::REGISTRY.image(ctx).await?;
    let context = fresh_dir()?;
    let context = Utf8Path::from_path(context.path()).unwrap_or(Utf8Path::new("."));
    recipes::write("images/registry", context)?;
    docker::build(context, TAG, &key(), &[("ROOT", &root)]).await?;
    Ok(TAG.to_owned())
}
