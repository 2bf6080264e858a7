//! What kind of host this is, and what will not work on it: found out, never
//! assumed.

mod capabilities;
mod doctor;
mod facts;
mod kernel;
mod kind;
pub(crate) mod ports;
mod registry;
mod version;

pub use doctor::{Doctor, Problem, ToolLine, doctor};
pub use facts::{Cgroup, HostFacts, Inotify};
pub use kind::HostKind;
pub(crate) use registry::remember as remember_registry;
pub use registry::{is_reachable as is_registry_reachable, is_reachable_blocking as is_registry_reachable_blocking};
pub use version::Version;
