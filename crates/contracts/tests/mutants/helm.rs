//! As much of Helm as `refuses` needs: values are held against the chart's schema, and what does not fit is told as Helm
//! tells it.

use super::chart::Chart;
use indexmap::IndexMap;
use seatrial_contracts::model::{Check, Refusal, Refused, Slot, What};
use seatrial_observation::{Answered, Clock, Ended, Observation, Part, Sample, Seen};
use serde_json::{Value, json};

/// The schema of every base, one key a line.
pub(crate) const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {
    "names": {
      "type": "object",
      "additionalProperties": {
        "type": "string"
      }
    },
    "replicas": {
      "type": "integer",
      "minimum": 1,
      "maximum": 20
    },
    "log": {
      "type": "object",
      "required": ["level"],
      "properties": {
        "level": {
          "enum": ["debug", "info"]
        }
      }
    }
  }
}
"#;

/// What every base promises of it.
pub(crate) const REFUSES: &str = "  refuses-nonsense:
    refuses:
      - { set: { replicas: many }, saying: replicas }
      - { set: { replicas: 0 }, saying: minimum }
      - { set: { replicas: 21 }, saying: maximum }
      - { set: { names.chart: 7 }, saying: names/chart }
      - { set: { log.level: loud }, saying: log/level }
      - { set: { log.lines: 5 }, saying: required }
";

/// What comes of a clause that Helm alone answers.
pub(crate) fn observed(chart: &Chart, slot: &Slot) -> Option<Observation> {
    let What::Clause(clause) = &slot.what else { return None };
    let [phase] = &clause.then[..] else { return None };
    let Check::Refuses(refusals) = &phase.check else { return None };
    let answers = refusals.iter().enumerate().map(|(of, refusal)| answered(chart, of, refusal)).collect();
    let sample = Sample { at_ms: 1.0, look: Ok(Seen::Refusals(answers)) };
    let part = Part { before: None, samples: vec![sample], looks: 1, ended: Ended::Decided };
    Some(Observation { clock: Clock::default(), parts: vec![part], ..Observation::default() })
}

fn answered(chart: &Chart, of: usize, refusal: &Refusal) -> Answered {
    let Refused::Values(values) = &refusal.what else { panic!("only values are refused here") };
    let mistakes = mistakes(chart, values);
    let what = values.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    Answered { what, of, refusal: (!mistakes.is_empty()).then(|| mistakes.join("\n")) }
}

fn mistakes(chart: &Chart, set: &IndexMap<String, Value>) -> Vec<String> {
    let schema: Value = serde_json::from_str(&chart.files["values.schema.json"]).expect("JSON");
    let mut values: Value = serde_json::from_str(&chart.values()).expect("JSON");
    for (key, value) in set {
        let place = key.split('.').fold(&mut values, |at, step| &mut at[step]);
        *place = value.clone();
    }
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let told = |error: jsonschema::ValidationError<'_>| {
        // Helm's words are others, but name place and keyword as well.
        format!("- at '{}': {} ({error})", error.instance_path(), error.schema_path())
    };
    debug_assert!(validator.is_valid(&json!({ "names": {} })), "{schema}");
    validator.iter_errors(&values).map(told).collect()
}
