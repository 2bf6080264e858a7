//! What `up` makes and `down` removes: the record of it, its states, and the log of its steps.

mod answer;
mod docker;
mod down;
mod journal;
mod record;
mod states;

pub use answer::until_answering;
pub use docker::{DockerModeError, container_name, up as up_by_docker};
pub use down::{Clean, DownError, Downed, down, names};
pub use journal::Journal;
pub use record::{Mode, Record, RecordError, Service, ServiceKind, read, records, remove, write};
pub use states::{DataState, State, States};

pub(crate) use docker::of_image;
pub(crate) use down::forget_standing;

use crate::cluster::{ClusterError, ProviderKind, standing};

/// Refuses where something of this name is under way, or stands in the other mode; what a dead `up` left is removed.
pub async fn until_free(name: &str, mode: Mode) -> Result<(), ClusterError> {
    let provider = if mode == Mode::Docker { ProviderKind::Docker } else { ProviderKind::Kind };
    standing(name, provider).await.map(drop)
}
