//! What the images are called that a set-up made.

use super::{ToolError, Tools};
use crate::host::is_registry_reachable_blocking;
use crate::setup::{POSTGRES, PROBER, PROGRAM_IMAGES, REGISTRY, node_image_tag};

impl Tools {
    /// See [`node_image`].
    #[must_use]
    pub fn node_image(&self) -> Option<String> {
        node_image()
    }

    /// See [`prober_image`]; `None` where it was not built.
    #[must_use]
    pub fn prober_image(&self) -> Option<String> {
        prober_image().ok()
    }
}

/// The node image that is built here, or `None` where registries answer and kind
/// pulls its own.
#[must_use]
pub fn node_image() -> Option<String> {
    (!is_registry_reachable_blocking()).then(node_image_tag)
}

/// The image of the prober, of the sources of this checkout.
pub fn prober_image() -> Result<String, ToolError> {
    let tag = PROBER.tag().map_err(Box::new)?;
    tag.ok_or_else(|| ToolError::Missing { what: "the prober image".to_owned() })
}

/// The image that a contract names: one of this workspace's programs, written without a tag, gets the hash of its
/// sources as its tag; any other is what it says.
pub async fn named_image(name: &str) -> Result<String, ToolError> {
    let Some(ours) = PROGRAM_IMAGES.iter().find(|image| image.repository() == name) else {
        return Ok(name.to_owned());
    };
    if let Some(tag) = ours.tag().map_err(Box::new)? {
        return Ok(tag);
    }
    let made = ours.tag_in_engine().await.map_err(Box::new)?;
    made.ok_or_else(|| ToolError::Missing { what: format!("the image {name}") })
}

/// The image that the chart `pallet-registry` runs.
#[must_use]
pub fn registry_image() -> &'static str {
    REGISTRY.tag
}

/// The image of an external database server, and, where it is one that a set-up makes, how.
pub(crate) fn postgres_image(version: u64) -> (String, &'static str) {
    let image = format!("postgres:{version}");
    let remedy = if image == POSTGRES.tag { "`./just setup` makes it" } else { "a set-up makes postgres:15" };
    (image, remedy)
}
