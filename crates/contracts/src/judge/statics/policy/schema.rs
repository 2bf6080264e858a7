//! `policy-schema`: the chart's values have a schema, so that Helm refuses what the chart does not know.

use super::super::{Facts, Finding, Inspected};
use serde_json::Value;

/// The file, below the chart.
pub(crate) const SCHEMA: &str = "values.schema.json";

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("schemas");
    let schema = facts.chart.templates.get(SCHEMA);
    let problem = match schema {
        None => Some(format!("expected {SCHEMA} in the chart, seen none")),
        Some(text) => match serde_json::from_str::<Value>(text) {
            Err(error) => Some(format!("expected {SCHEMA} to be JSON, seen {error}")),
            Ok(schema) if schema["properties"].as_object().is_none_or(serde_json::Map::is_empty) => {
                Some(format!("expected {SCHEMA} to describe values, seen no `properties`"))
            }
            Ok(_) => None,
        },
    };
    // A file that is not there has no line.
    let file = if schema.is_some() { SCHEMA } else { "Chart.yaml" };
    inspected.subject(problem.map(|message| Finding::in_template(file, 1, message)));
    inspected
}

#[cfg(test)]
mod tests {
    use crate::fixture::{HOUSE, policies};

    #[test]
    fn values_that_nothing_describes() {
        let told = |seen: &str| format!("policy-schema: {seen}\n  charts/registry/values.schema.json:1 ");
        assert_eq!(
            policies(HOUSE, &[("values.schema.json", "")]),
            told("expected values.schema.json to be JSON, seen EOF while parsing a value at line 1 column 0")
        );
        assert_eq!(
            policies(HOUSE, &[("values.schema.json", "{}")]),
            told("expected values.schema.json to describe values, seen no `properties`")
        );
    }
}
