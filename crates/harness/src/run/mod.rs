//! Running a plan: one [`Session`] a process, one verdict at a time, each after its prerequisites. What one process
//! has learnt, the others of its run read.

mod act;
mod address;
mod capability;
mod crash;
mod cut;
mod drive;
mod faults;
mod latency;
mod load;
mod look;
mod observe;
mod plain;
mod provenance;
mod session;
mod starts;
mod startup;
mod summary;
mod targets;
mod throughout;
mod together;

pub(crate) use address::port_of;
pub use capability::{node_ports, skip_what_is_missing};
pub use session::{Installed, RunError, Session, SessionOptions};
