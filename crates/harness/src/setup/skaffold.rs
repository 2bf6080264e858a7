//! Skaffold, and beside it the Helm that it works with: a folder with links to the two, which `tools/skaffold.sh` puts
//! before PATH.

use super::Ctx;
use super::error::StepError;
use super::programs::{HELM, SKAFFOLD};
use crate::cache::link_pair;
use crate::tools::skaffold_and_helm;

/// Both versions, where the two are there.
pub(super) fn find() -> Option<String> {
    let (skaffold, helm) = skaffold_and_helm().ok()?;
    // Who has both on PATH has no links yet.
    link_pair(&[("skaffold", &skaffold.path), ("helm", &helm.path)]).ok()?;
    Some(format!("{skaffold}, with Helm {}", helm.version))
}

/// Builds what is missing of the two.
pub(super) async fn make(ctx: &mut Ctx<'_>) -> Result<String, StepError> {
    let skaffold = match crate::tools::skaffold() {
        Ok(found) => found.path,
        Err(_) => SKAFFOLD.build(ctx).await?.join("skaffold"),
    };
    let helm = match crate::tools::helm_3() {
        Ok(found) => found.path,
        Err(_) => HELM.build(ctx).await?.join("helm"),
    };
    link_pair(&[("skaffold", &skaffold), ("helm", &helm)])?;
    Ok(format!("{skaffold}, with {helm}"))
}
