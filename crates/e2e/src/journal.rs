//! Whether the log of an `up` tells each of its steps (PAL-059): one JSON line each, with when and who, in the order in
//! which they happen.

use serde_json::Value;

/// The steps of an `up` that makes everything: what is finished, and the states of cluster, release and data.
pub const STEPS: [&str; 8] = [
    "creating absent absent",
    "finished cluster pallet-dev",
    "ready absent absent",
    "ready creating absent",
    "finished agent-plan",
    "finished agent-build",
    "finished agent-test",
    "ready ready kept",
];

/// What is wrong with a log of this run: lines of another form, steps that are missing, or that come out of order.
pub fn untold(log: &str, run: &str) -> Vec<String> {
    let lines: Vec<Option<Value>> = log.lines().map(|line| line_of(line, run)).collect();
    let broken = lines.iter().enumerate().filter(|(_, line)| line.is_none());
    let mut wrong: Vec<String> =
        broken.map(|(i, _)| format!("line {} does not say when and who in JSON", i + 1)).collect();
    let told: Vec<String> = lines.iter().flatten().filter_map(step).collect();
    let mut rest = told.iter();
    for step in STEPS {
        if !told.iter().any(|told| told == step) {
            wrong.push(format!("`{step}` is missing"));
        } else if !rest.any(|told| told == step) {
            wrong.push(format!("`{step}` comes too early"));
            break;
        }
    }
    wrong
}

/// The line, where it is JSON with a time and this run.
fn line_of(line: &str, run: &str) -> Option<Value> {
    let line: Value = serde_json::from_str(line).ok()?;
    let is_dated = line["at"].as_str().is_some_and(|at| at.parse::<jiff::Timestamp>().is_ok());
    (is_dated && line["run"] == run).then_some(line)
}

fn step(line: &Value) -> Option<String> {
    match line["event"].as_str()? {
        "finished" => Some(format!("finished {}", line["what"].as_str()?)),
        "states" => {
            let states = ["cluster", "release", "data"].map(|of| line[of].as_str().unwrap_or("?"));
            Some(states.join(" "))
        }
        _ => None,
    }
}
