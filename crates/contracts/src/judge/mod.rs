//! The judge: what was rendered or observed in, a [`Verdict`](crate::model::Verdict) out. Nothing observed is never a
//! pass, and an error of the apparatus is never a mismatch.
//!
//! A driver asks [`clause_of`] what to do and [`phases`] what to look at, steps one [`Watch`] a phase with what it
//! sees, keeps the [`Watch::part`]s in an observation, and hands that to [`evaluate`]. Slots for which
//! [`needs_observation`] is false are judged by [`judge_static`] alone.

mod admission;
mod blame;
mod bootstrap;
mod checks;
mod clause_of;
mod evaluate;
pub mod expect;
mod latency;
mod load;
mod noise;
mod saved;
mod starts;
mod startup;
mod statics;
mod stubs;
pub mod value_key;
mod verdicts;
mod vigil;
mod watch;
mod wellness;

pub use admission::{Question, questions};
pub use checks::{answers, is_as_promised, patience, referred, saved};
pub use clause_of::{clause_of, needs_observation, phases};
pub use evaluate::evaluate;
pub use latency::{is_measurable, latency_goal, taken_again};
pub use saved::Memory;
pub use starts::{NextStart, next_start};
pub(crate) use statics::{
    DEFAULTS_ON_FILES, POLICY_NAMES, SCHEMA, defaults_with_subject, is_port, policies_with_subject,
};
pub use statics::{images, judge_static};
pub use stubs::{Stub, crds_of_chart, is_stubbable, stubs};
pub use verdicts::{blocked, blocking, skipped, strictly};
pub use vigil::{Vigil, Watchful};
pub use watch::{Decision, Rules, Watch};
pub use wellness::wellness;

#[cfg(test)]
mod tests;
