//! The hands of Seatrial: everything that touches the world. Hosts and tools, clusters, Helm, readiness, running a
//! plan, evidence, cleanup. It emits [`seatrial_observation::Event`]s and never prints.

pub mod command;
pub mod events;
