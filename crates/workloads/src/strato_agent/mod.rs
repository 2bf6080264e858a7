//! `strato-agent`: the stand-in for the agent that runs virtual machines on a host. It dials the control plane,
//! registers, and says that it lives until it is told to end; whenever the connection is gone it dials again. Where
//! QEMU and KVM are missing it works as a mock, and says so.

mod backoff;
mod config;
mod dial;
mod fault;
mod host;
mod keep;
mod mode;
mod run;
mod status;
mod talk;

pub use config::{Config, Limits};
pub use fault::Fault;
pub use mode::{Found, Mode, Wish};
pub use run::{Agent, RunError, run};
