//! The verdicts of run after run, compared with those of the first.

use e2e::report::verdicts;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    first: Option<BTreeMap<String, String>>,
    number: u32,
    other: Vec<Value>,
}

impl Runs {
    /// Takes a report, and says in one line what became of the run.
    pub(crate) fn take(&mut self, document: &Value, seconds: f64) -> Value {
        self.number += 1;
        let now: BTreeMap<String, String> =
            verdicts(document).into_iter().map(|line| (line.id, line.verdict)).collect();
        let first = self.first.get_or_insert_with(|| now.clone());
        self.other = differences(first, &now);
        if now.is_empty() {
            self.other.push(json!({ "clause": null, "now": "no verdict at all" }));
        }
        let seconds = (seconds * 10.0).round() / 10.0;
        let (exit, counts) = (&document["exit"], &document["counts"]);
        json!({ "run": self.number, "seconds": seconds, "exit": exit, "counts": counts, "differs": self.other })
    }

    /// Whether the last run was another than the first.
    pub(crate) fn differs(&self) -> bool {
        !self.other.is_empty()
    }
}

fn differences(first: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<Value> {
    let ids = first.keys().chain(now.keys().filter(|id| !first.contains_key(*id)));
    let changed = ids.filter(|id| first.get(*id) != now.get(*id));
    changed.map(|id| json!({ "clause": id, "first": first.get(id), "now": now.get(id) })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdicts: &[(&str, &str)]) -> Value {
        let line = |(clause, verdict): &(&str, &str)| json!({ "chart": "c", "environment": "dev", "clause": clause, "verdict": verdict, "cause": null });
        json!({ "exit": 0, "counts": { "pass": verdicts.len() }, "verdicts": verdicts.iter().map(line).collect::<Vec<_>>() })
    }

    #[test]
    fn runs_that_are_alike_go_on() {
        let mut runs = Runs::default();
        let same = report(&[("a", "pass"), ("b", "fail")]);
        let line = runs.take(&same, 1.26);
        let counts = json!({ "pass": 2 });
        assert_eq!(line, json!({ "run": 1, "seconds": 1.3, "exit": 0, "counts": counts, "differs": [] }));
        assert_eq!(runs.take(&same, 1.0)["run"], 2);
        assert!(!runs.differs());
    }

    #[test]
    fn the_first_verdict_that_differs_is_told() {
        for (other, told) in [
            (report(&[("a", "fail")]), json!({ "clause": "c::dev::a", "first": "pass", "now": "fail" })),
            (report(&[("b", "pass")]), json!({ "clause": "c::dev::a", "first": "pass", "now": null })),
        ] {
            let mut runs = Runs::default();
            runs.take(&report(&[("a", "pass")]), 1.0);
            assert_eq!(runs.take(&other, 1.0)["differs"][0], told);
            assert!(runs.differs());
        }
        let mut runs = Runs::default();
        runs.take(&report(&[]), 1.0);
        assert!(runs.differs(), "a run without a verdict is none");
    }
}
