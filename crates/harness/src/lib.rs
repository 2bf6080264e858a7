//! The hands of Seatrial: everything that touches the world. Hosts and tools, clusters, Helm, readiness, running a
//! plan, evidence, cleanup. It emits [`seatrial_observation::Event`]s and never prints.

pub mod beside;
pub mod bootstrap;
pub mod cache;
pub mod chart;
pub mod cluster;
pub mod command;
pub mod containers;
pub mod events;
mod evidence;
pub mod forward;
pub mod guard;
pub mod health;
pub mod helm;
pub mod host;
mod input;
pub mod lease;
mod ours;
pub mod prober;
pub mod readiness;
pub mod reaper;
pub mod redact;
pub mod release;
pub mod repository;
pub mod run;
pub mod run_id;
pub mod setup;
pub mod state;
pub mod step_file;
pub mod tools;
pub mod trace;
