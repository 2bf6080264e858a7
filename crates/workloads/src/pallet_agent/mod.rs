//! `pallet-agent`: the stand-in for one of the three agents (plan, build, test) that work beside the registry. It
//! answers with its card, takes JSON-RPC calls, and says whether it reaches the registry. The same program runs in a
//! pod and in a container; only the values of its variables differ.

mod card;
mod config;
mod fault;
mod health;
mod registry;
mod rpc;
mod run;

pub use config::{Config, Role};
pub use fault::Fault;
pub use run::{RunError, router, run};
