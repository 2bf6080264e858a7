//! What a session saves is known to the checks after it: logs must say what an answer said.

use super::checks;
use crate::model::{Check, LogsCheck, Phase, looked_up};
use indexmap::IndexMap;
use seatrial_observation::{Part, ProbeAnswer, Seen};
use serde_json::Value;

/// What the phases of a clause have saved so far.
#[derive(Clone, Debug, Default)]
pub struct Memory(IndexMap<String, Value>);

impl Memory {
    /// Keeps what the last look of a session saved.
    pub fn learn(&mut self, phase: &Phase, part: &Part) {
        let Check::Http(http) = &phase.check else { return };
        let Some(Ok(Seen::Probes(outcomes))) = part.samples.last().map(|sample| &sample.look) else { return };
        for (step, outcome) in http.0.iter().zip(outcomes) {
            if let Ok(ProbeAnswer::Http(answer)) = &outcome.result {
                self.0.extend(checks::saved(step, answer).unwrap_or_default());
            }
        }
    }

    /// The phase with `$(saved.x)` looked up. What was not saved stays as it is written, and no line says that.
    #[must_use]
    pub fn filled(&self, phase: &Phase) -> Phase {
        let Check::Logs(logs) = &phase.check else { return phase.clone() };
        let look_up = |reference: &str| self.0.get(reference.strip_prefix("saved.")?).map(as_text);
        let fill = |all: &[crate::model::Expectation]| all.iter().map(|one| looked_up(one, &look_up)).collect();
        let logs = LogsCheck { contain: fill(&logs.contain), never: fill(&logs.never), ..logs.clone() };
        Phase { check: Check::Logs(logs), ..phase.clone() }
    }
}

/// A line is text.
fn as_text(value: &Value) -> Value {
    match value {
        Value::String(_) => value.clone(),
        other => Value::from(other.to_string()),
    }
}
