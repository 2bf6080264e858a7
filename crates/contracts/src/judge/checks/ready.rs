//! `ready`: each object is ready; one that never will be dooms the rest.

use super::{Judged, Outcome};
use seatrial_observation::{Look, ObjectLook, Reason};

pub(super) fn look(objects: &[ObjectLook]) -> Judged {
    if objects.is_empty() {
        return Judged::unseen("there is nothing whose readiness could be seen");
    }
    if let Some((object, reason)) = objects.iter().find_map(doomed) {
        return Outcome::Doomed(about(object, reason)).into();
    }
    let pending = objects.iter().filter_map(|o| Some(lines(&about(o, o.reason()?))));
    Judged::of(&pending.collect::<Vec<_>>())
}

fn doomed(object: &ObjectLook) -> Option<(&ObjectLook, &Reason)> {
    match &object.look {
        Look::Doomed(reason) => Some((object, reason)),
        Look::Ready(()) | Look::Pending(_) => None,
    }
}

fn about(object: &ObjectLook, reason: &Reason) -> Reason {
    let object = reason.object.clone().unwrap_or_else(|| object.object.clone());
    Reason { object: Some(object), ..reason.clone() }
}

/// A reason with its detail below it.
fn lines(reason: &Reason) -> String {
    let detail = reason.detail.iter().map(|line| format!("\n  {line}"));
    format!("{reason} (not ready){}", detail.collect::<String>())
}
