//! The labels by which containers are found and taken down.

use crate::cluster::RUN_LABEL;
use crate::lease::now;
use crate::run_id::RunId;
use std::time::Duration;

/// Its value is the digest of the spec that it runs; who lacks it is not ours.
pub(super) const SPEC: &str = "seatrial.dev/spec";

/// When a container of a run expires, in seconds of the wall clock; other state directories judge it by that alone.
pub(crate) const EXPIRES: &str = "seatrial.dev/expires";

/// Its value is the name of what `up` made.
const UP: &str = "seatrial.dev/up";

/// How long the longest run may last.
const LONGEST_RUN: Duration = Duration::from_hours(4);

/// The labels of a container that goes with its run.
pub fn labels_of_run(run: &RunId) -> Vec<(String, String)> {
    let expires = now() + LONGEST_RUN.as_secs();
    vec![(RUN_LABEL.to_owned(), run.to_string()), (EXPIRES.to_owned(), expires.to_string())]
}

/// The labels of a container that stays until `down`.
pub fn labels_of_up(name: &str) -> Vec<(String, String)> {
    vec![(UP.to_owned(), name.to_owned())]
}

/// The network on which the containers that `up` made reach each other by name. Whoever removes them removes it.
pub fn network_of_up(name: &str) -> String {
    format!("seatrial-{name}")
}

/// The filter for the containers of a run.
pub(crate) fn of_run(run: &str) -> String {
    format!("{RUN_LABEL}={run}")
}

/// The filter for the containers that `up` made under this name.
pub(crate) fn of_up(name: &str) -> String {
    format!("{UP}={name}")
}
