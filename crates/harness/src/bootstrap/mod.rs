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

pub(crate) use down::forget_standing;
