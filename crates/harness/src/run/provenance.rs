//! Which value made the line of a finding on the files: the chart is rendered again with one value changed. Done for
//! findings only, and for few values each.

use crate::helm::Helm;
use crate::release::Stage;
use camino::Utf8Path;
use seatrial_contracts::bind::merged_values;
use seatrial_contracts::judge::value_key::{self, Candidate};
use seatrial_contracts::model::Verdict;
use serde_json::Value;

/// So many values are tried for one finding: each costs a process of Helm.
const TRIED: usize = 4;

/// Adds the keys of the values that change the line. What can't be told is left out.
pub(super) async fn add_value_keys(helm: &Helm, stage: &Stage<'_>, verdict: &mut Verdict) {
    let Some(number) = value_key::rendered_line(verdict) else { return };
    let rendered: &str = &stage.environment.rendered;
    let Some(line) = number.checked_sub(1).and_then(|number| rendered.lines().nth(number)) else { return };
    let Some(values) = values(stage) else { return };
    let mut keys = Vec::new();
    for candidate in value_key::candidates(&values, line).into_iter().take(TRIED) {
        if is_made_by(helm, stage, &candidate, number).await {
            keys.push(candidate.key);
        }
    }
    if let (Some(place), false) = (verdict.places.first_mut(), keys.is_empty()) {
        value_key::add_keys(place, &keys);
    }
}

async fn is_made_by(helm: &Helm, stage: &Stage<'_>, candidate: &Candidate, number: usize) -> bool {
    let mut set = stage.environment.set.clone();
    set.insert(candidate.key.clone(), candidate.sentinel.clone());
    let files = stage.files();
    let Ok(finished) = helm.template(&stage.template(&files, &set)).await else { return false };
    finished.is_ok() && value_key::is_changed(&stage.environment.rendered, &finished.stdout, number)
}

/// The chart's values under those of the environment.
fn values(stage: &Stage<'_>) -> Option<Value> {
    let chart = Utf8Path::new(&stage.chart.path);
    let own = std::fs::read_to_string(chart.join("values.yaml")).unwrap_or_default();
    let names = stage.environment.values.iter().map(String::as_str);
    let texts: Vec<String> =
        names.clone().map(|name| std::fs::read_to_string(chart.join(name)).ok()).collect::<Option<_>>()?;
    let files: Vec<(&str, &str)> = names.zip(texts.iter().map(String::as_str)).collect();
    merged_values(&own, &files, &stage.environment.set).ok()
}
