//! What `up` makes and `down` removes: the record of it, its states, and the log of its steps.

mod record;
mod states;

pub use record::{Mode, Record, RecordError, Service, ServiceKind, read, records, remove, write};
pub use states::{DataState, State, States};
