//! The programs that a contract wants beside its release (`cluster.beside`): pods in the release's namespace, made
//! through the API, or containers where `up` makes containers. Image and variables are the same in both; each is
//! started when the one before it answers, so that the order of their start is that of the contract.

mod containers;
mod error;
mod manifest;
mod pods;
mod ports;
mod wanted;

pub use containers::{StandIn, as_containers};
pub use error::BesideError;
pub use pods::in_cluster;
pub use ports::node_ports;
