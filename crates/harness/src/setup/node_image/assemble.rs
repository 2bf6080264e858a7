//! Puts the node image together from what the cache holds.

use super::control_plane;
use crate::cache::{CacheError, KeyOf, Place, fresh_dir, lock};
use crate::command::{Cmd, CommandError};
use crate::setup::docker::{self, docker};
use crate::setup::error::StepError;
use crate::setup::go::GoModule;
use crate::setup::programs::{CONTAINERD, CRICTL, KIND, KUBERNETES};
use crate::setup::steps::twice;
use crate::setup::{Ctx, recipes, roots};
use camino::{Utf8Path, Utf8PathBuf};
use std::time::Duration;

/// What `docker commit` must say again: the container ran something else.
const ENTRYPOINT: &str = r#"ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]"#;

/// Makes the image of this tag.
pub(super) async fn assemble(ctx: &mut Ctx<'_>, tag: &str) -> Result<(), StepError> {
    let _lock = lock("node-image").await?;
    if docker::image_id(tag).await.is_some() {
        return Ok(());
    }
    let work = fresh_dir()?;
    let work = Utf8Path::from_path(work.path()).unwrap_or(Utf8Path::new("."));
    ctx.say("putting the control-plane images together");
    let archive = work.join("images.tar");
    control_plane::archive(ctx, &work.join("programs"), &archive).await?;
    ctx.say("putting the node together");
    let bare = bare_node(ctx, &work.join("node")).await?;
    ctx.say("filling its image store");
    let filled = fill(&bare, &archive, tag).await;
    let _ = docker(["rmi", &bare, "seatrial/node-programs:latest"]).run().await;
    Ok(filled?)
}

/// The node without images.
async fn bare_node(ctx: &mut Ctx<'_>, dir: &Utf8Path) -> Result<String, StepError> {
    let root = roots::NODE.image(ctx).await?;
    let bin = dir.join("bin");
    std::fs::create_dir_all(&bin).map_err(CacheError::at(&bin))?;
    for module in [&KUBERNETES, &CONTAINERD, &CRICTL] {
        copy_programs(module, &bin)?;
    }
    copy_tree(&kind_base().await?.join("files"), &dir.join("kind")).await?;
    recipes::write("images/node/files", &dir.join("files"))?;
    write(&dir.join("version"), KUBERNETES.version())?;
    write(&dir.join("Dockerfile"), recipes::text("images/node/Dockerfile"))?;
    let tag = "seatrial/node-bare:latest".to_owned();
    docker::build(dir, &tag, "", &[("ROOT", &root)]).await?;
    Ok(tag)
}

fn write(path: &Utf8Path, text: &str) -> Result<(), CacheError> {
    std::fs::write(path, text).map_err(CacheError::at(path))
}

/// Copies the programs of a module out of the cache.
pub(super) fn copy_programs(module: &GoModule, to: &Utf8Path) -> Result<(), CacheError> {
    for (_, name) in module.programs {
        let path = to.join(name);
        std::fs::copy(module.program(name), &path).map_err(CacheError::at(&path))?;
    }
    Ok(())
}

async fn copy_tree(from: &Utf8Path, to: &Utf8Path) -> Result<(), CommandError> {
    let copy = Cmd::new("cp").args(["-r", "--no-preserve=mode", from.as_str(), to.as_str()]);
    copy.run_ok().await.map(|_| ())
}

/// The files of kind's own base image (entrypoint, units), from its Go module:
/// what kind expects of a node is best said by kind.
async fn kind_base() -> Result<Utf8PathBuf, StepError> {
    let place = Place::new("kind-base", KeyOf::new().part(KIND.version()).key());
    place.get_or_make(async |to| fetch_kind_base(to).await).await
}

async fn fetch_kind_base(to: &Utf8Path) -> Result<(), StepError> {
    let module = to.join("module");
    recipes::write("tools/kind", &module)?;
    let download = async || {
        let go = Cmd::new("go").args(["mod", "download", "-json", KIND.pinned]).cwd(&module);
        go.timeout(Duration::from_mins(5)).run_ok().await
    };
    let said: serde_json::Value = serde_json::from_str(&twice(download).await?.stdout).unwrap_or_default();
    let dir = Utf8Path::new(said["Dir"].as_str().unwrap_or_default()).join("images/base/files");
    copy_tree(&dir, &to.join("files")).await?;
    // It is for rootless engines and its program is not in our image.
    let _ = std::fs::remove_file(to.join("files/etc/systemd/system/containerd-fuse-overlayfs.service"));
    // containerd's configuration and the hook that needs jq are replaced by ours.
    let _ = std::fs::remove_file(to.join("files/etc/containerd/config.toml"));
    let _ = std::fs::remove_dir_all(module);
    Ok(())
}

/// Runs containerd once in a container of the bare node, takes the images in, and
/// keeps the result.
async fn fill(bare: &str, archive: &Utf8Path, tag: &str) -> Result<(), CommandError> {
    let run = docker(["run", "--detach", "--privileged", "--network", "none", "--tmpfs", "/run"]);
    let started = run.args(["--entrypoint", "sleep", bare, "1200"]).run_ok().await?;
    let container = started.text();
    let filled = fill_container(container, archive, tag).await;
    let _ = docker(["rm", "--force", "--volumes", container]).run().await;
    filled
}

async fn fill_container(container: &str, archive: &Utf8Path, tag: &str) -> Result<(), CommandError> {
    docker(["cp", archive.as_str(), &format!("{container}:/images.tar")]).run_ok().await?;
    docker(["exec", container, "bash", "/kind/bin/preload.sh"]).run_ok().await?;
    docker(["stop", "--time", "0", container]).run_ok().await?;
    docker(["commit", "--change", ENTRYPOINT, "--change", "CMD []", container, tag]).run_ok().await.map(|_| ())
}
