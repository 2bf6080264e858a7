//! As much of Helm as `refuses` needs: values are held against the chart's schema, and what does not fit is told as Helm
//! tells it.

use super::chart::Chart;
use seatrial_contracts::model::{Check, Refusal, Slot, What};
use seatrial_observation::{Clock, CommandSeen, Ended, Observation, Part, Sample, Seen};
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
    let parts = refusals.iter().map(|refusal| part(templated(chart, refusal))).collect();
    Some(Observation { clock: Clock::default(), parts, ..Observation::default() })
}

fn part(seen: CommandSeen) -> Part {
    let sample = Sample { at_ms: 1.0, look: Ok(Seen::Command(seen)) };
    Part { before: None, samples: vec![sample], looks: 1, ended: Ended::Decided }
}

fn templated(chart: &Chart, refusal: &Refusal) -> CommandSeen {
    let mistakes = mistakes(chart, refusal);
    let code = Some(i32::from(!mistakes.is_empty()));
    let head = "Error: values don't meet the specifications of the schema(s) in the following chart(s):";
    let stderr = format!("{head}\n{}:\n{}\n", chart.name(), mistakes.join("\n"));
    let stderr = if mistakes.is_empty() { String::new() } else { stderr };
    CommandSeen { argv: vec!["helm".to_owned()], code, stdout: String::new(), stderr, seconds: 0.0 }
}

fn mistakes(chart: &Chart, refusal: &Refusal) -> Vec<String> {
    let schema: Value = serde_json::from_str(&chart.files["values.schema.json"]).expect("JSON");
    let mut values: Value = serde_json::from_str(&chart.values()).expect("JSON");
    for (key, value) in &refusal.set {
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
