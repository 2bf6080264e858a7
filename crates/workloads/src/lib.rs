//! The reference programs that the charts run. Each has a module here and a binary of a few lines; they depend on
//! nothing else of this workspace, as somebody's own programs would.

pub mod log;
pub mod pallet_agent;
pub mod serve;
