//! Readiness: what the API server shows about an object, read as Ready, Pending or Doomed. Pure functions over JSON;
//! who watches the API server is [`crate::release`].
//!
//! A look at a release is one [`ObjectLook`] for each workload and claim of its render; what its pods say is folded
//! into the workload that owns them.

mod claim;
mod events;
mod history;
mod json;
mod milestone;
mod owner;
mod pod;
mod release;
mod workload;

pub use claim::claim;
pub use history::History;
pub use pod::pod;
pub use release::{Snapshot, is_judged, release};
pub use workload::{daemon_set, deployment, job, stateful_set};

pub(crate) use json::{name_of, text};
pub(crate) use milestone::{Milestone, milestones, pulls_ms};
pub(crate) use owner::selects;

use seatrial_observation::{Look, Reason};

/// The states by which a wait may be doomed; a clause's `tolerates` names them.
pub const DOOMS: [&str; 14] = [
    "ErrImageNeverPull",
    "InvalidImageName",
    "ErrImagePull",
    "CreateContainerConfigError",
    "CrashLoopBackOff",
    "Unschedulable",
    "UnknownStorageClass",
    "ClaimLost",
    "Unhealthy",
    "FailedCreate",
    "JobFailed",
    "PodFailed",
    "ProgressDeadlineExceeded",
    "EnvironmentGone",
];

/// Doomed by `state`, unless the clause tolerates that state: then it is only pending.
fn doomed(tolerates: &[String], state: &str, reason: Reason) -> Look<()> {
    if tolerates.iter().any(|name| name == state) { Look::Pending(reason) } else { Look::Doomed(reason) }
}

#[cfg(test)]
mod tests;
