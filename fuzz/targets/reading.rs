//! What reads the input of others, each with its surroundings: the fuzz targets and the property tests call these, and
//! any panic is a bug. Sound input must come through as well, which the property tests ask of the seeds.

use indexmap::IndexMap;
use seatrial_contracts::judge::{evaluate, judge_static, needs_observation};
use seatrial_contracts::load::{default_contract, load};
use seatrial_contracts::model::{ChartPlan, Contract};
use seatrial_contracts::plan::{ChartSource, plan};
use seatrial_contracts::report;
use seatrial_observation::Observation;
use serde_json::{Number, Value};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A contract with most checks, and the render that it is about.
const CONTRACT: &str = include_str!("../../crates/contracts/src/fixture/contract.yaml");
const RENDER: &str = include_str!("../../crates/contracts/src/fixture/render.yaml");
const VALUES: &str = "service: { type: NodePort, port: 5000, nodePort: 30500 }\n";

/// Observations of real runs, one a kind of thing that is seen.
const SEEN: [&str; 8] = [
    include_str!("../seeds/evaluation/bad-values-are-refused.json"),
    include_str!("../seeds/evaluation/comes-back-from-zero.json"),
    include_str!("../seeds/evaluation/data-survives-pod-deletion.json"),
    include_str!("../seeds/evaluation/memory.json"),
    include_str!("../seeds/evaluation/no-slower-than-docker.json"),
    include_str!("../seeds/evaluation/ready.json"),
    include_str!("../seeds/evaluation/says-that-it-listens.json"),
    include_str!("../seeds/evaluation/starts-no-slower-than-docker.json"),
];

/// Loads a contract, and plans it if it is one; how many verdicts that would give.
pub(crate) fn contract(text: &str) -> Option<usize> {
    let contract = load("contract.yaml", text, None, jiff::civil::date(2026, 11, 21)).ok()?;
    let plan = planned(&contract, RENDER)?;
    Some(plan.environments.iter().map(|environment| environment.slots.len()).sum())
}

/// Reads what Helm printed: plans a chart without a contract, and judges all that the files decide. How many of the
/// verdicts are no pass.
pub(crate) fn manifests(rendered: &str) -> Option<usize> {
    let plan = planned(&default_contract(), rendered)?;
    let slots =
        plan.environments.iter().flat_map(|environment| environment.slots.iter().map(move |slot| (environment, slot)));
    let files = slots.filter(|(_, slot)| !needs_observation(slot));
    let verdicts: Vec<_> = files.map(|(environment, slot)| judge_static(&plan, environment, slot)).collect();
    report::json(&verdicts, 0);
    Some(verdicts.iter().filter(|verdict| !report::text(verdict, false).starts_with("pass")).count())
}

/// Judges each clause by an observation: JSON, or edits of a real one ([`edited`]). How many verdicts that gave.
pub(crate) fn evaluation(bytes: &[u8]) -> Option<usize> {
    static PLAN: OnceLock<Option<ChartPlan>> = OnceLock::new();
    let seen = match bytes {
        [b'{', ..] => serde_json::from_slice(bytes).ok()?,
        [first, edits @ ..] => edited(SEEN[usize::from(*first) % SEEN.len()], edits)?,
        [] => return None,
    };
    let observation: Observation = serde_json::from_value(seen).ok()?;
    let plan = PLAN.get_or_init(|| {
        let contract = load("contract.yaml", CONTRACT, None, jiff::civil::date(2026, 11, 21)).ok()?;
        planned(&contract, RENDER)
    });
    let plan = plan.as_ref()?;
    let slots =
        plan.environments.iter().flat_map(|environment| environment.slots.iter().map(move |slot| (environment, slot)));
    let verdicts: Vec<_> =
        slots.map(|(environment, slot)| evaluate(plan, environment, slot, Some(&observation))).collect();
    report::json(&verdicts, 0);
    report::junit(&verdicts);
    let texts: Vec<String> = verdicts.iter().map(|verdict| report::text(verdict, true)).collect();
    Some(texts.len())
}

fn planned(contract: &Contract, rendered: &str) -> Option<ChartPlan> {
    let renders: IndexMap<String, Result<String, String>> =
        contract.environments.keys().map(|name| (name.clone(), Ok(rendered.to_owned()))).collect();
    let files = BTreeMap::from([("templates/all.yaml".to_owned(), rendered.to_owned())]);
    let source = ChartSource {
        path: "charts/registry",
        chart_yaml: "name: registry\nversion: 1.0.0\n",
        values_yaml: VALUES,
        files: &files,
        renders: &renders,
        last_releases: &IndexMap::new(),
        skaffold: None,
        run_id: "0",
        env: &std::collections::BTreeMap::new(),
    };
    plan(contract, &source).ok()
}

/// What is larger is not made larger: an observation is bounded where it is made.
const MUCH: usize = 500;

/// The most edits of one document; each of them goes through all of it.
const MOST_EDITS: usize = 40;

/// A document of more values is edited no further: lists in lists that double make gigabytes in forty edits.
const MOST_VALUES: usize = 10_000;

/// Each three bytes are an edit: which value of the document, and what becomes of it.
fn edited(seed: &str, edits: &[u8]) -> Option<Value> {
    let mut document: Value = serde_json::from_str(seed).ok()?;
    for edit in edits.chunks_exact(3).take(MOST_EDITS) {
        let pointers = pointers(&document);
        if pointers.len() > MOST_VALUES {
            break;
        }
        let at = usize::from(u16::from_be_bytes([edit[0], edit[1]])) % pointers.len();
        let value = document.pointer_mut(&pointers[at])?;
        *value = replaced(value, edit[2]);
    }
    Some(document)
}

fn replaced(value: &Value, by: u8) -> Value {
    match (value, by % 8) {
        (Value::Number(_), 0) => 0.into(),
        (Value::Number(_), 1) => 1.into(),
        (Value::Number(_), 2) => u64::MAX.into(),
        (Value::Number(_), 3) => Value::Number(Number::from_f64(1e308).unwrap_or_else(|| 0.into())),
        (Value::Number(_), 4) => Value::Number(Number::from_f64(-1.5).unwrap_or_else(|| 0.into())),
        (Value::Number(_), by) => u64::from(by).into(),
        (Value::String(text), 0) => text.chars().rev().collect::<String>().into(),
        (Value::String(_), 1) => "".into(),
        (Value::String(_), 2) => "é{\n---".into(),
        (Value::String(text), 3) if text.len() < MUCH => text.repeat(3).into(),
        (Value::Array(_), 0) => Value::Array(Vec::new()),
        (Value::Array(all), 1) if all.len() < MUCH => all.iter().chain(all).cloned().collect(),
        (Value::Array(all), 2) => all.iter().take(1).cloned().collect(),
        (Value::Object(_), 0) => Value::Object(serde_json::Map::new()),
        (_, 4) => Value::Null,
        (same, _) => same.clone(),
    }
}

/// Every value of a document.
fn pointers(document: &Value) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut next = 0;
    while let Some(at) = all.get(next).cloned() {
        next += 1;
        let below = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        match document.pointer(&at) {
            Some(Value::Object(map)) => all.extend(map.keys().map(|key| below(key))),
            Some(Value::Array(items)) => all.extend((0..items.len()).map(|index| below(&index.to_string()))),
            _ => {}
        }
    }
    all
}
