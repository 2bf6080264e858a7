//! The contract language and its judge, pure: text in, values out. No file, process, network or clock is touched
//! here; what must be read is handed in as text, what must be observed comes as an [`seatrial_observation::Observation`].
//!
//! The flow: [`load`] turns `contract.yaml` into a [`model::Contract`] or diagnostics, [`plan`] turns the contract and
//! the rendered chart into [`model::Slot`]s (one verdict each), [`judge`] turns observations into [`model::Verdict`]s,
//! [`report`] turns verdicts into text, JSON and `JUnit`.

pub mod bind;
mod cel;
pub mod diagnostic;
mod graph;
pub mod judge;
pub mod language;
pub mod load;
pub mod model;
mod pattern;
pub mod plan;
pub mod report;
pub mod requirements;
pub mod schema;
pub mod skaffold;
pub mod trace;
pub mod units;
mod yaml;

#[cfg(test)]
mod fixture;
