//! What an uninstall leaves, and taking it away: before a fresh install there is nothing of the release, its kept
//! data included.

use super::manifest;
use super::namespace::not_gone;
use super::site::{ReleaseError, Site};
use super::stage::Stage;
use crate::ours;
use crate::readiness::{name_of, text};
use seatrial_observation::{Look, Reason};
use seatrial_probes::wait::{self, Patience};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

const GOING: Duration = Duration::from_secs(90);

impl Site {
    /// The objects of the namespace that are neither ours nor the cluster's own, and those of the manifest that live
    /// outside of it.
    pub(crate) async fn left(&self, stage: &Stage<'_>) -> Result<Vec<Value>, ReleaseError> {
        let mut left = self.objects.list_all(stage.namespace()).await?;
        let ours = ours_and_theirs(&left, &stage.needed_releases());
        left.retain(|one| !is_exempt(one) && !ours.contains(uid(one)));
        for outside in manifest::refs(&stage.environment.rendered) {
            if left.iter().any(|one| text(one, "/kind") == outside.kind && name_of(one) == outside.name) {
                continue;
            }
            let Ok(served) = self.objects.kind(&outside.kind, Some(&outside.api_version)).await else { continue };
            let namespace = outside.namespace.as_deref().unwrap_or(stage.namespace());
            if served.is_namespaced && namespace == stage.namespace() {
                continue;
            }
            left.extend(self.objects.get(&outside.kind, namespace, &outside.name).await?);
        }
        Ok(left)
    }

    /// Uninstalls the release and removes what is left of it; the namespace and what is ours in it stay. Volumes go on their
    /// own, and are waited for where it must be thorough.
    pub(super) async fn wipe(&self, stage: &Stage<'_>, release: &str, is_thorough: bool) -> Result<(), ReleaseError> {
        self.helm.uninstall(release, stage.namespace()).await?;
        let patience = Patience::backoff(GOING, Duration::from_millis(30), Duration::from_millis(300));
        let gone = wait::until(&patience, async || self.wipe_once(stage).await);
        gone.await.map_err(|error| not_gone(format!("what the release {release} left"), &error))?;
        if is_thorough { self.until_volumes_gone(stage.namespace()).await } else { Ok(()) }
    }

    async fn wipe_once(&self, stage: &Stage<'_>) -> Result<Look<()>, ReleaseError> {
        let mut left = self.left(stage).await?;
        left.extend(self.helm_records(stage).await?);
        for object in left.iter().filter(|one| one.pointer("/metadata/deletionTimestamp").is_none()) {
            // Children go with their owners; a claim must be told.
            let is_child = object.pointer("/metadata/ownerReferences").is_some();
            if !is_child {
                self.objects.delete(text(object, "/kind"), stage.namespace(), name_of(object)).await?;
            }
        }
        let names: Vec<String> = left.iter().map(|one| format!("{}/{}", text(one, "/kind"), name_of(one))).collect();
        if !names.is_empty() {
            return Ok(Look::Pending(Reason::new(format!("left: {}", names.join(", ")))));
        }
        Ok(Look::Ready(()))
    }

    /// Waits until no volume of the namespace is left.
    pub(super) async fn until_volumes_gone(&self, namespace: &str) -> Result<(), ReleaseError> {
        let patience = Patience::backoff(GOING, Duration::from_millis(50), Duration::from_millis(500));
        let gone = wait::until(&patience, async || self.volumes_gone(namespace).await);
        gone.await.map_err(|error| not_gone(format!("the volumes of namespace {namespace}"), &error))
    }

    /// Records of a killed Helm (`pending-install`) would make the next install fail.
    async fn helm_records(&self, stage: &Stage<'_>) -> Result<Vec<Value>, ReleaseError> {
        let mut secrets = self.objects.list("Secret", stage.namespace()).await?;
        secrets.retain(|one| text(one, "/type") == "helm.sh/release.v1");
        Ok(secrets)
    }

    /// A volume that is still being removed holds its folder on the node.
    async fn volumes_gone(&self, namespace: &str) -> Result<Look<()>, ReleaseError> {
        let volumes = self.objects.list("PersistentVolume", "").await?;
        let ours = volumes.iter().find(|volume| {
            text(volume, "/spec/claimRef/namespace") == namespace
                && text(volume, "/spec/persistentVolumeReclaimPolicy") == "Delete"
        });
        Ok(match ours {
            Some(volume) => Look::Pending(Reason::of(format!("pv/{}", name_of(volume)), "is being released")),
            None => Look::Ready(()),
        })
    }
}

fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// What is ours or of a needed release, and what belongs to it, however far down.
fn ours_and_theirs(objects: &[Value], needed: &[&str]) -> BTreeSet<String> {
    let is_needed = |one: &Value| needed.contains(&text(one, "/metadata/annotations/meta.helm.sh~1release-name"));
    let of_needs = objects.iter().filter(|one| ours::is_ours(one) || is_needed(one));
    let mut ours: BTreeSet<String> = of_needs.map(|one| uid(one).to_owned()).collect();
    loop {
        let owned = objects.iter().filter(|one| !ours.contains(uid(one)) && is_owned_by(one, &ours));
        let more: Vec<String> = owned.map(|one| uid(one).to_owned()).collect();
        if more.is_empty() {
            return ours;
        }
        ours.extend(more);
    }
}

fn is_owned_by(object: &Value, owners: &BTreeSet<String>) -> bool {
    let references = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    references.into_iter().flatten().any(|one| owners.contains(text(one, "/uid")))
}

/// What is in every namespace, what is ours, and what tells of others.
fn is_exempt(object: &Value) -> bool {
    let (kind, name) = (text(object, "/kind"), name_of(object));
    let is_system = matches!((kind, name), ("ConfigMap", "kube-root-ca.crt") | ("ServiceAccount", "default"));
    let is_token = kind == "Secret" && text(object, "/type") == "kubernetes.io/service-account-token";
    let is_helms = kind == "Secret" && text(object, "/type") == "helm.sh/release.v1";
    is_system || is_token || is_helms || ours::is_ours(object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(object: &Value, is_left: bool) {
        assert_eq!(!is_exempt(object), is_left, "{object}");
    }

    #[test]
    fn what_every_namespace_has_is_not_left_behind() {
        check(&json!({ "kind": "ConfigMap", "metadata": { "name": "kube-root-ca.crt" } }), false);
        check(&json!({ "kind": "ServiceAccount", "metadata": { "name": "default" } }), false);
        check(&json!({ "kind": "Secret", "type": "helm.sh/release.v1", "metadata": { "name": "sh.helm.x" } }), false);
        check(
            &json!({ "kind": "Pod", "metadata": { "name": "p", "labels": { "app.kubernetes.io/managed-by": "seatrial" } } }),
            false,
        );
    }

    #[test]
    fn what_belongs_to_a_needed_release_is_exempt_however_deep() {
        let object = |uid: &str, owner: &str, release: &str| {
            let owners = json!([{ "uid": owner }]);
            let notes = json!({ "meta.helm.sh/release-name": release });
            json!({ "metadata": { "uid": uid, "ownerReferences": owners, "annotations": notes } })
        };
        let all = [object("p", "r", ""), object("r", "d", ""), object("d", "", "backend"), object("x", "y", "shop")];
        let exempt: Vec<String> = ours_and_theirs(&all, &["backend"]).into_iter().collect();
        assert_eq!(exempt, ["d", "p", "r"]);
        assert!(ours_and_theirs(&all, &[]).is_empty());
    }

    #[test]
    fn what_the_chart_made_is() {
        check(&json!({ "kind": "ConfigMap", "metadata": { "name": "settings" } }), true);
        check(&json!({ "kind": "Secret", "type": "Opaque", "metadata": { "name": "token" } }), true);
        check(&json!({ "kind": "PersistentVolumeClaim", "metadata": { "name": "data" } }), true);
    }
}
