//! Volumes whose data outlives the node: the folder of the volumes is one of the host, and the default class gives a
//! claim the directory of its name, so that the same claim on a new node finds the same data.

use super::{Cluster, ClusterError};
use crate::state;
use camino::{Utf8Path, Utf8PathBuf};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::{Api, DeleteParams, PostParams};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

/// The default class of kind's nodes, and of ours.
const CLASS: &str = "standard";

/// The directory of a claim below the folder of the volumes, in words that local-path-provisioner and ours know.
const PATTERN: &str = "{{ .PVC.Namespace }}/{{ .PVC.Name }}";

/// The directory of a claim on the host.
pub(crate) fn directory(storage: &Utf8Path, namespace: &str, claim: &str) -> Utf8PathBuf {
    storage.join(namespace).join(claim)
}

/// Makes the directory of a claim, writable for containers that are not root.
pub(crate) fn make_directory(storage: &Utf8Path, namespace: &str, claim: &str) -> std::io::Result<Utf8PathBuf> {
    let dir = directory(storage, namespace, claim);
    state::make_private_dir(storage)?;
    std::fs::create_dir_all(&dir)?;
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o777))?;
    Ok(dir)
}

/// Lets the default class keep directories by the names of claims. A class can't be changed: it is replaced.
pub(super) async fn keep_by_claim(cluster: &Cluster) -> Result<(), ClusterError> {
    let refused = |source| ClusterError::Api {
        cluster: cluster.name.clone(),
        doing: "replacing the default StorageClass",
        source: Box::new(source),
    };
    let api: Api<StorageClass> = Api::all(cluster.client().await?);
    let found = api.get(CLASS).await.map_err(refused)?;
    api.delete(CLASS, &DeleteParams::default()).await.map_err(refused)?;
    api.create(&PostParams::default(), &kept(found)).await.map(drop).map_err(refused)
}

fn kept(mut class: StorageClass) -> StorageClass {
    class.metadata.uid = None;
    class.metadata.resource_version = None;
    class.metadata.creation_timestamp = None;
    class.metadata.managed_fields = None;
    class.reclaim_policy = Some("Retain".to_owned());
    class.parameters = Some(BTreeMap::from([("pathPattern".to_owned(), PATTERN.to_owned())]));
    class
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_keeps_its_name_and_its_provisioner() {
        let found: StorageClass = serde_json::from_value(serde_json::json!({
            "metadata": { "name": CLASS, "uid": "u", "resourceVersion": "7",
                          "annotations": { "storageclass.kubernetes.io/is-default-class": "true" } },
            "provisioner": "seatrial.dev/directory", "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
        }))
        .expect("a class");
        let kept = kept(found.clone());
        assert_eq!((kept.provisioner, kept.volume_binding_mode), (found.provisioner, found.volume_binding_mode));
        assert_eq!(kept.metadata.annotations, found.metadata.annotations);
        assert_eq!((kept.metadata.uid, kept.reclaim_policy.as_deref()), (None, Some("Retain")));
        assert_eq!(kept.parameters.expect("parameters")["pathPattern"], PATTERN);
    }

    #[test]
    fn anybody_may_write_into_the_directory_of_a_claim() {
        let dir = tempfile::tempdir().expect("dir");
        let storage = Utf8Path::from_path(dir.path()).expect("utf8").join("storage");
        let directory = make_directory(&storage, "pallet", "registry-data").expect("made");
        assert_eq!(directory, storage.join("pallet/registry-data"));
        let mode = std::fs::metadata(&directory).expect("stat").permissions().mode() & 0o777;
        assert_eq!(mode, 0o777);
    }
}
