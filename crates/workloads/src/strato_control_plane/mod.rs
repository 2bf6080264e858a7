//! `strato-control-plane`: the stand-in for Strato's control plane. Agents dial in by WebSocket, register and say that
//! they live; people ask it for agents and virtual machines. Machines are rows of PostgreSQL, and who may do what with
//! them is decided by Permify. Without either of them it lives and says that it is not ready.

mod agents;
mod api;
mod config;
mod database;
mod fault;
mod health;
mod link;
mod page;
mod permify;
mod plane;
mod run;
mod session;
mod upgrade;
mod vms;

pub use config::{Config, Limits, RelyingParty};
pub use fault::Fault;
pub use plane::ControlPlane;
pub use run::{RunError, run};
