//! Leases: who uses a cluster, and all that is needed to take it down when that somebody is dead.

mod children;
mod file;
mod namespace;
mod owner;

pub use file::{Lease, LeaseError, leases};
pub use namespace::{LockError, NamespaceLock};
pub use owner::Owner;

pub(crate) use children::children_of;
#[cfg(test)]
pub(crate) use file::tests;
pub(crate) use file::{Held, lease_files, now, remove_file};
