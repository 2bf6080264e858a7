//! What the suites share: the tests of the clauses, the program under test, and charts copied to be broken.

pub mod agents;
pub mod bootstrap;
pub mod charts;
pub mod clauses;
pub mod engine;
pub mod evidence;
pub mod faulty;
pub mod foreign;
pub mod hostile;
pub mod journal;
pub mod judge;
pub mod kill;
pub mod mutations;
pub mod pressure;
pub mod program;
pub mod report;
pub mod skaffold;
pub mod skips;
pub mod state;
pub mod versions;

pub use program::Program;
pub use state::State;
