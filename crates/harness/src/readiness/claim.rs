//! Readiness of a `PersistentVolumeClaim`.

use super::json::{list, name_of, text};
use super::owner::uses_claim;
use super::release::Snapshot;
use super::{doomed, events};
use seatrial_observation::{Look, Reason};
use serde_json::Value;

const IS_DEFAULT: &str = "/metadata/annotations/storageclass.kubernetes.io~1is-default-class";

/// A claim is ready when it is bound. With `WaitForFirstConsumer` it legitimately waits until a pod is scheduled, and
/// for ever where no pod mounts it: then it is ready as it is. An unknown storage class dooms it at once.
pub fn claim(claim: &Value, snapshot: &Snapshot, tolerates: &[String]) -> Look<()> {
    let name = format!("PersistentVolumeClaim/{}", name_of(claim));
    match text(claim, "/status/phase") {
        "Bound" => Look::Ready(()),
        "Lost" => {
            doomed(tolerates, "ClaimLost", Reason::of(name, "ClaimLost: the volume that it was bound to is gone"))
        }
        _ => unbound(&name, claim, snapshot, tolerates),
    }
}

fn unbound(name: &str, claim: &Value, snapshot: &Snapshot, tolerates: &[String]) -> Look<()> {
    let class = match claim.pointer("/spec/storageClassName").and_then(Value::as_str) {
        // An explicit empty class asks for a volume made by hand.
        Some("") => return Look::Pending(Reason::of(name, "waits for a volume without StorageClass")),
        Some(class) => snapshot.storage_classes.iter().find(|known| name_of(known) == class).ok_or(class),
        None => snapshot.storage_classes.iter().find(|known| text(known, IS_DEFAULT) == "true").ok_or(""),
    };
    match class {
        Ok(class) if waits_for_consumer(class) && !is_used(claim, snapshot) => Look::Ready(()),
        Ok(class) => Look::Pending(Reason::of(name, pending(claim, class, snapshot))),
        Err(_) if !snapshot.knows_storage_classes => Look::Pending(Reason::of(name, "not bound yet")),
        Err("") => Look::Pending(Reason::of(name, "names no StorageClass, and the cluster has no default one")),
        Err(class) => {
            let message = format!("UnknownStorageClass: StorageClass \"{class}\" does not exist{}", known(snapshot));
            doomed(tolerates, "UnknownStorageClass", Reason::of(name, message))
        }
    }
}

fn waits_for_consumer(class: &Value) -> bool {
    text(class, "/volumeBindingMode") == "WaitForFirstConsumer"
}

fn is_used(claim: &Value, snapshot: &Snapshot) -> bool {
    snapshot.pods.iter().any(|pod| uses_claim(pod, claim))
        || snapshot.workloads.iter().any(|workload| {
            list(workload, "/spec/template/spec/volumes")
                .iter()
                .any(|volume| text(volume, "/persistentVolumeClaim/claimName") == name_of(claim))
        })
}

fn pending(claim: &Value, class: &Value, snapshot: &Snapshot) -> String {
    let warning = events::last_warning(&snapshot.events, claim);
    warning.unwrap_or_else(|| format!("not bound yet (StorageClass \"{}\")", name_of(class)))
}

fn known(snapshot: &Snapshot) -> String {
    let names: Vec<&str> = snapshot.storage_classes.iter().map(name_of).collect();
    if names.is_empty() { "; the cluster has none".to_owned() } else { format!("; there is {}", names.join(", ")) }
}
