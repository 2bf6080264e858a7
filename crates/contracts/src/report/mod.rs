//! Reports as strings and values: the five-word block, the one-line pass, the summary, JSON and `JUnit`, and the exit
//! code that goes with them. Nothing here prints.

mod exit;
mod health;
mod host;
mod json;
mod junit;
mod numbers;
mod summary;
mod text;

pub use exit::{ExitFacts, exit_code, exit_codes};
pub use health::{health_json, health_schema, health_text};
pub use host::{doctor_schema, list_schema};
pub use json::{json, schema};
pub use junit::junit;
pub use summary::summary;
pub(crate) use text::figure;
pub use text::{line, text};

#[cfg(test)]
mod tests;
