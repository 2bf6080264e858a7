//! The files under `images/` and `tools/` that say what is built, carried in the
//! program itself: a set-up works from any directory and never mixes versions.

use crate::cache::{CacheError, KeyOf};
use camino::Utf8Path;
use std::os::unix::fs::PermissionsExt;

macro_rules! recipes {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../", $path)) as &[u8])),*]
    };
}

/// Path in the repository and content.
static RECIPES: &[(&str, &[u8])] = recipes![
    "images/base/packages.txt",
    "images/node/Dockerfile",
    "images/node/programs.Dockerfile",
    "images/node/packages.txt",
    "images/node/containerd/go.mod",
    "images/node/containerd/go.sum",
    "images/node/coredns/go.mod",
    "images/node/coredns/go.sum",
    "images/node/crictl/go.mod",
    "images/node/crictl/go.sum",
    "images/node/etcd/go.mod",
    "images/node/etcd/go.sum",
    "images/node/files/etc/cni/net.d/10-bridge.conflist",
    "images/node/files/etc/containerd/certs.d/_default/hosts.toml",
    "images/node/files/etc/containerd/config.toml",
    "images/node/files/etc/systemd/system/seatrial-fence.service",
    "images/node/files/kind/bin/fence.sh",
    "images/node/files/kind/bin/prepare-root.sh",
    "images/node/files/kind/bin/preload.sh",
    "images/node/files/kind/manifests/default-cni.yaml",
    "images/node/files/kind/manifests/default-storage.yaml",
    "images/node/kubernetes/go.mod",
    "images/node/kubernetes/go.sum",
    "images/node/kubernetes/main.go",
    "images/node/volumes/go.mod",
    "images/node/volumes/go.sum",
    "images/node/volumes/main.go",
    "images/node/pause/go.mod",
    "images/node/pause/main.go",
    "images/openvswitch/Dockerfile",
    "images/openvswitch/customize.sh",
    "images/openvswitch/entrypoint.sh",
    "images/openvswitch/packages.txt",
    "images/openvswitch/root.Dockerfile",
    "images/ovn/Dockerfile",
    "images/ovn/entrypoint.sh",
    "images/pallet-agent/Dockerfile",
    "images/permify/Dockerfile",
    "images/permify/go.mod",
    "images/permify/go.sum",
    "images/postgres/Dockerfile",
    "images/postgres/customize.sh",
    "images/postgres/entrypoint.sh",
    "images/postgres/packages.txt",
    "images/prober/Dockerfile",
    "images/registry/Dockerfile",
    "images/registry/config.yml",
    "images/registry/customize.sh",
    "images/registry/entrypoint.sh",
    "images/registry/packages.txt",
    "images/strato-agent/Dockerfile",
    "images/strato-control-plane/Dockerfile",
    "images/strato-verify/Dockerfile",
    "tools/actionlint/go.mod",
    "tools/actionlint/go.sum",
    "tools/cargo.txt",
    "tools/helm/go.mod",
    "tools/helm/go.sum",
    "tools/helm4/go.mod",
    "tools/helm4/go.sum",
    "tools/kind/go.mod",
    "tools/kind/go.sum",
    "tools/oci-wrapper/caps.go",
    "tools/oci-wrapper/go.mod",
    "tools/oci-wrapper/main.go",
    "tools/oras/go.mod",
    "tools/oras/go.sum",
    "tools/skaffold/go.mod",
    "tools/skaffold/go.sum",
];

/// The files below a folder of the repository, named relative to it.
fn below(folder: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    RECIPES.iter().filter_map(move |(path, content)| {
        let name = path.strip_prefix(folder)?.strip_prefix('/')?;
        Some((name, *content))
    })
}

/// The text of one file; empty if there is none of this name, which a test excludes.
pub(super) fn text(path: &str) -> &'static str {
    let found = RECIPES.iter().find(|(name, _)| *name == path);
    found.and_then(|(_, content)| std::str::from_utf8(content).ok()).unwrap_or_default()
}

/// The words of a list file, without comments.
pub(super) fn words(path: &str) -> Vec<&'static str> {
    let lines = text(path).lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.flat_map(str::split_whitespace).collect()
}

/// Adds a folder to a key.
pub(super) fn add_to(key: KeyOf, folder: &str) -> KeyOf {
    below(folder).fold(key, |key, (name, content)| key.part(name).part(content))
}

/// Writes a folder into a directory; shell scripts can be executed.
pub(super) fn write(folder: &str, to: &Utf8Path) -> Result<(), CacheError> {
    for (name, content) in below(folder) {
        let path = to.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(CacheError::at(parent))?;
        }
        std::fs::write(&path, content).map_err(CacheError::at(&path))?;
        let mode = if path.extension() == Some("sh") { 0o755 } else { 0o644 };
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&path, permissions).map_err(CacheError::at(&path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::files_below;

    /// Every file of the two folders is carried, but for documents, the tests of the Go programs, and what lies in `tools`
    /// itself: that serves a checkout.
    #[test]
    fn no_recipe_is_forgotten() {
        let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let files = ["images", "tools"].map(|folder| files_below(&root.join(folder)).expect("folder"));
        let names = files.iter().flatten().map(|path| path.strip_prefix(&root).expect("below").as_str());
        let serves_checkout = |name: &str| name.strip_prefix("tools/").is_some_and(|rest| !rest.contains('/'));
        let is_document = |name: &str| name.ends_with("_test.go") || name.ends_with("README.md");
        let is_recipe = |name: &&str| !is_document(name) && !serves_checkout(name);
        let is_carried = |name: &&str| RECIPES.iter().any(|(known, _)| known == name);
        let forgotten: Vec<&str> = names.filter(is_recipe).filter(|name| !is_carried(name)).collect();
        assert_eq!(forgotten, Vec::<&str>::new());
    }
}
