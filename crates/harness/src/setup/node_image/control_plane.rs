//! The images that a node must hold: one layer with all programs, many names.

use crate::cache::CacheError;
use crate::command::{Cmd, CommandError};
use crate::setup::docker::{self, docker};
use crate::setup::error::StepError;
use crate::setup::programs::{COREDNS, ETCD, KUBERNETES, PAUSE, VOLUMES};
use crate::setup::{Ctx, recipes, roots};
use camino::Utf8Path;
use std::os::unix::fs::symlink;

/// Writes an archive of all images to `archive`, working in `dir`.
pub(super) async fn archive(ctx: &mut Ctx<'_>, dir: &Utf8Path, archive: &Utf8Path) -> Result<(), StepError> {
    let base = base(ctx, dir).await?;
    let names = names().await?;
    for name in &names {
        entry(&base, name).await?;
    }
    let saved = docker(["save", "--output", archive.as_str()]).args(&names).run_ok().await;
    // Their names belong to a registry: nobody shall take ours for the originals.
    let _ = docker(["rmi", "--no-prune"]).args(&names).run().await;
    Ok(saved.map(|_| ())?)
}

/// The image that all of them share.
async fn base(ctx: &mut Ctx<'_>, dir: &Utf8Path) -> Result<String, StepError> {
    let root = roots::TINY.image(ctx).await?;
    let dockerfile = dir.join("Dockerfile");
    lay_out(&dir.join("layer"))?;
    std::fs::write(&dockerfile, recipes::text("images/node/programs.Dockerfile"))
        .map_err(CacheError::at(&dockerfile))?;
    let tag = "seatrial/node-programs:latest".to_owned();
    docker::build(dir, &tag, "", &[("ROOT", &root)]).await?;
    Ok(tag)
}

fn lay_out(layer: &Utf8Path) -> Result<(), CacheError> {
    let bin = layer.join("usr/local/bin");
    let sbin = layer.join("usr/sbin");
    for dir in [&bin, &sbin] {
        std::fs::create_dir_all(dir).map_err(CacheError::at(dir))?;
    }
    for module in [&KUBERNETES, &ETCD, &COREDNS, &VOLUMES, &PAUSE] {
        super::assemble::copy_programs(module, &bin)?;
    }
    for program in ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"] {
        link("kubernetes", &bin.join(program))?;
    }
    link_iptables(&sbin)
}

/// The unpacked packages have no alternatives: kube-proxy calls these by their common names.
fn link_iptables(sbin: &Utf8Path) -> Result<(), CacheError> {
    for family in ["iptables", "ip6tables"] {
        for verb in ["", "-save", "-restore"] {
            link("xtables-nft-multi", &sbin.join(format!("{family}{verb}")))?;
        }
    }
    Ok(())
}

fn link(target: &str, path: &Utf8Path) -> Result<(), CacheError> {
    symlink(target, path).map_err(CacheError::at(path))
}

/// The names that kubeadm asks for, and those of the storage manifest.
async fn names() -> Result<Vec<String>, CommandError> {
    let kubernetes = KUBERNETES.program("kubernetes");
    // The binary answers by the name it is called by.
    let list = format!("exec -a kubeadm {kubernetes} config images list --kubernetes-version {}", KUBERNETES.version());
    let listed = Cmd::new("bash").args(["-c", &list]).run_ok().await?;
    let ours = images_of(recipes::text("images/node/files/kind/manifests/default-storage.yaml"));
    Ok(listed.stdout.lines().map(str::to_owned).chain(ours).collect())
}

/// The images that a manifest names, each once.
fn images_of(manifest: &str) -> Vec<String> {
    let lines = manifest.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("image: "));
    let mut images: Vec<String> = lines.map(|image| image.trim().to_owned()).collect();
    images.sort();
    images.dedup();
    images
}

async fn entry(base: &str, image: &str) -> Result<(), CommandError> {
    let entrypoint = entrypoint(image);
    let dockerfile = format!("FROM {base}\nENTRYPOINT [\"{entrypoint}\"]\n");
    let build = docker(["build", "--quiet", "--tag", image, "-"]).stdin_bytes(dockerfile);
    build.run_ok().await.map(|_| ())
}

/// Most programs are called by name from a manifest; this serves those that are not.
fn entrypoint(image: &str) -> String {
    let name = image.rsplit('/').next().and_then(|last| last.split(':').next()).unwrap_or(image);
    format!("/usr/local/bin/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_named_by_the_image() {
        assert_eq!(entrypoint("registry.k8s.io/coredns/coredns:v1.14.2"), "/usr/local/bin/coredns");
        assert_eq!(entrypoint("registry.k8s.io/pause:3.10.2"), "/usr/local/bin/pause");
    }

    #[test]
    fn the_storage_manifest_names_one_image() {
        let images = images_of(recipes::text("images/node/files/kind/manifests/default-storage.yaml"));
        let names: Vec<_> = images.iter().map(|image| entrypoint(image)).collect();
        assert_eq!(names, ["/usr/local/bin/volume-provisioner"]);
    }
}
