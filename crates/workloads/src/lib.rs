//! The reference programs that the charts run. Each has a module here and a binary of a few lines; they depend on
//! nothing else of this workspace, as somebody's own programs would.

mod faults;
pub mod frames;
mod http;
mod leak;
pub mod log;
pub mod pallet_agent;
mod random;
mod reap;
pub mod serve;
pub mod strato_agent;
pub mod strato_control_plane;
mod variables;

pub use faults::{Faults, Word};
pub use variables::{ConfigError, Variables};
