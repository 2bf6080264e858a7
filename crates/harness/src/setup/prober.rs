//! The image of the in-cluster prober: one static binary, built from the
//! checkout, its hash the tag.

use super::error::StepError;
use super::{Ctx, apt, docker, recipes};
use crate::cache::{CacheError, KeyOf, Place, cache_dir, hash_file};
use crate::command::Cmd;
use camino::{Utf8Path, Utf8PathBuf};
use std::time::Duration;

/// The checkout that the prober is built from: `$SEATRIAL_WORKSPACE`, the one we
/// are in, or the one that this program was built from.
pub(super) fn workspace() -> Result<Utf8PathBuf, StepError> {
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

/// Everything that makes the binary.
fn place(workspace: &Utf8Path) -> Result<Place, CacheError> {
    let mut key = KeyOf::new().part(target());
    for file in ["Cargo.lock", "Cargo.toml"] {
        let path = workspace.join(file);
        key = key.part(std::fs::read(&path).map_err(CacheError::at(path))?);
    }
    for dir in ["crates/probes", "crates/observation"] {
        key = key.dir(&workspace.join(dir))?;
    }
    Ok(Place::new("prober", key.key()))
}

/// What the image of these sources is called, if its binary was built.
pub(crate) fn tag() -> Result<Option<String>, StepError> {
    let binary = place(&workspace()?)?.path().join("prober");
    if !binary.is_file() {
        return Ok(None);
    }
    Ok(Some(tag_of(&binary)?))
}

fn tag_of(binary: &Utf8Path) -> Result<String, CacheError> {
    Ok(format!("seatrial/prober:{}", hash_file(binary)?))
}

/// The tag, if the engine has the image.
pub(super) async fn find() -> Result<Option<String>, StepError> {
    let Some(tag) = tag()? else { return Ok(None) };
    Ok(docker::image_id(&tag).await.map(|_| tag))
}

/// Builds binary and image.
pub(super) async fn make(ctx: &mut Ctx<'_>) -> Result<String, StepError> {
    let workspace = workspace()?;
    let place = place(&workspace)?;
    if !place.is_there() {
        apt::install_linker(ctx).await?;
        ctx.say("building the prober");
    }
    let dir = place.get_or_make(async |to| build(&workspace, to).await).await?;
    let tag = tag_of(&dir.join("prober"))?;
    docker::build(&dir, &tag, place.key().as_str(), &[]).await?;
    Ok(tag)
}

async fn build(workspace: &Utf8Path, to: &Utf8Path) -> Result<(), StepError> {
    let target_dir = cache_dir().join("prober-target");
    let cargo = Cmd::new("cargo").args(["build", "--locked", "--package", "seatrial-probes", "--bin", "prober"]);
    let cargo = cargo.args(["--profile", "prober", "--target", &target()]).cwd(workspace);
    // Static, because the image holds nothing else, not even a C library.
    let cargo = cargo.env("RUSTFLAGS", "-C target-feature=+crt-static").env("CARGO_TARGET_DIR", &target_dir);
    cargo.timeout(Duration::from_mins(30)).run_ok().await?;
    let built = target_dir.join(target()).join("prober/prober");
    std::fs::copy(&built, to.join("prober")).map_err(CacheError::at(built))?;
    Ok(recipes::write("images/prober", to)?)
}
