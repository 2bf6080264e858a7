//! The node image of hosts that reach no registry: a Debian root, kind's base
//! files, Kubernetes as one multi-call binary, and a slim image store.

mod assemble;
mod control_plane;

use super::error::StepError;
use super::programs::{self, KIND, KUBERNETES};
use super::{Ctx, docker, recipes, roots};
use crate::cache::{KeyOf, link_bin};

/// Raised when the way of assembling changes but no file does.
const ASSEMBLY: &str = "1";

/// What the image is called; the tag holds all that makes it.
pub(crate) fn tag() -> String {
    let mut key = KeyOf::new().part(ASSEMBLY).part(KIND.version());
    for module in programs::NODE {
        key = key.part(module.place().key().as_str());
    }
    for root in [roots::NODE, roots::TINY] {
        key = key.part(root.place().key().as_str());
    }
    key = recipes::add_to(key, "images/node/files");
    key = key.part(recipes::text("images/node/Dockerfile")).part(recipes::text("images/node/programs.Dockerfile"));
    format!("seatrial/node:{}-{}", KUBERNETES.version(), key.key())
}

/// The tag, if the engine has the image; where registries answer none is needed.
pub(super) async fn find(ctx: &Ctx<'_>) -> Option<String> {
    if ctx.host.registry {
        return Some("kind's own, pulled when needed".to_owned());
    }
    let tag = tag();
    docker::image_id(&tag).await.map(|_| tag)
}

/// Builds what the cache lacks and puts it together.
pub(super) async fn make(ctx: &mut Ctx<'_>) -> Result<String, StepError> {
    for module in programs::NODE {
        module.build(ctx).await?;
    }
    // The one binary answers to this name too.
    link_bin(&KUBERNETES.program("kubernetes"), "kubectl")?;
    let tag = tag();
    assemble::assemble(ctx, &tag).await?;
    Ok(tag)
}
