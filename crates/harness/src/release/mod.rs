//! A release on a cluster: its namespace, bringing it up, looking at it, and leaving it as it was found or new.

mod api;
mod arrivals;
mod bring_up;
mod clock;
mod crds;
mod dry_run;
mod holder;
mod interest;
mod last;
mod lost;
mod manifest;
mod mirror;
mod namespace;
mod needed_chart;
mod needs;
mod reachable;
mod site;
mod stage;
mod stubs;
mod until_ready;
mod up;
mod wipe;

pub use api::{ApiError, Objects};
pub use site::ReleaseError;

pub(crate) use api::{Served, kind_name};
pub(crate) use bring_up::Fresh;
pub(crate) use clock::clock;
pub(crate) use holder::{Held, inherit};
pub(crate) use manifest::{is_kept, objects, refs};
pub(crate) use mirror::Mirror;
pub(crate) use needs::published_at;
pub(crate) use site::Site;
pub(crate) use stage::Stage;
pub(crate) use until_ready::until_ready;
