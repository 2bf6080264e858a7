//! The baseline: findings on the files that were there before. They are shown and do not gate; a clause that finds one
//! more gates as ever.

use crate::diagnostic::Diagnostic;
use crate::judge::{blocking, judge_static};
use crate::load::tree;
use crate::model::{ChartPlan, EnvironmentPlan, Level, Slot, Verdict, VerdictKind};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const HEAD: &str = "# Findings on the files that were there before: they are shown and do not gate, new ones do.
# Written by `seatrial check --baseline-write`; what is mended is to be taken out by writing it again.
";

/// Verdict (`chart::environment::clause[element]`) → the findings that are known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    findings: BTreeMap<String, BTreeSet<String>>,
}

impl Baseline {
    /// Reads the file.
    pub fn read(file: &str, text: &str) -> Result<Self, Diagnostic> {
        let tree = tree::parse(file, text)?;
        if tree.value.is_null() {
            return Ok(Self::default());
        }
        serde_json::from_value(tree.value).map_err(|error| Diagnostic {
            code: "wrong-type",
            message: format!("it is no baseline: {error}"),
            hint: Some("write it by `seatrial check --baseline-write`".to_owned()),
            file: file.to_owned(),
            line: 1,
            column: 1,
        })
    }

    /// The file's text.
    pub fn text(&self) -> String {
        HEAD.to_owned() + &serde_yaml::to_string(self).unwrap_or_default()
    }

    /// How many findings.
    pub fn len(&self) -> usize {
        self.findings.values().map(BTreeSet::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// With what the files of a chart show now in the place of what was known of it.
    pub fn renew(&mut self, plan: &ChartPlan) {
        self.findings.retain(|id, _| !id.starts_with(&format!("{}::", plan.chart)));
        let mut plan = plan.clone();
        // A finding that is known blocks nothing, so that what it blocked may show more.
        loop {
            let found = fails(&plan);
            let new: Vec<_> = found.into_iter().filter(|verdict| !self.knows(verdict)).collect();
            if new.is_empty() {
                return;
            }
            for verdict in new {
                self.findings.entry(verdict.id.to_string()).or_default().extend(lines(&verdict));
            }
            self.apply(&mut plan);
        }
    }

    /// Takes the gates out of a plan whose findings are all known.
    pub fn apply(&self, plan: &mut ChartPlan) {
        if self.is_empty() {
            return;
        }
        let known: Vec<Vec<String>> =
            plan.environments.iter().map(|environment| self.known_of(plan, environment)).collect();
        for (environment, known) in plan.environments.iter_mut().zip(known) {
            for slot in &mut environment.slots {
                slot.is_advisory |= known.contains(&slot.id.local());
                slot.after.retain(|id| !known.contains(id));
            }
        }
    }

    fn known_of(&self, plan: &ChartPlan, environment: &EnvironmentPlan) -> Vec<String> {
        let listed = environment.slots.iter().filter(|slot| self.findings.contains_key(&slot.id.to_string()));
        let on_files = listed.filter(|slot| slot.level == Level::Static && slot.skip.is_none());
        let is_known = |slot: &&Slot| self.knows(&judge_static(plan, environment, slot));
        on_files.filter(is_known).map(|slot| slot.id.local()).collect()
    }

    /// Whether a verdict fails by nothing new.
    fn knows(&self, verdict: &Verdict) -> bool {
        let known = self.findings.get(&verdict.id.to_string());
        verdict.kind == VerdictKind::Fail && known.is_some_and(|known| lines(verdict).is_subset(known))
    }
}

fn lines(verdict: &Verdict) -> BTreeSet<String> {
    let message = verdict.cause.as_ref().map(|cause| cause.message.as_str()).unwrap_or_default();
    message.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
}

/// The clauses on the files that fail and are blocked by none.
fn fails(plan: &ChartPlan) -> Vec<Verdict> {
    let mut fails = Vec::new();
    for environment in &plan.environments {
        let mut bad: BTreeSet<String> = BTreeSet::new();
        for slot in environment.slots.iter().filter(|slot| slot.level == Level::Static && slot.skip.is_none()) {
            if slot.after.iter().any(|id| bad.contains(id)) {
                bad.insert(slot.id.local());
                continue;
            }
            let verdict = judge_static(plan, environment, slot);
            if blocking(&verdict).is_some() {
                bad.insert(slot.id.local());
            }
            fails.extend((verdict.kind == VerdictKind::Fail).then_some(verdict));
        }
    }
    fails
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{CONTRACT, chart, mutated, run_files, slot, sound};

    fn broken() -> ChartPlan {
        chart(&mutated("targetPort: http", "targetPort: htpp"), CONTRACT)
    }

    fn kinds(plan: &ChartPlan, kind: VerdictKind) -> Vec<String> {
        run_files(plan).iter().filter(|v| v.kind == kind && !v.is_advisory).map(|v| v.id.local()).collect()
    }

    #[test]
    fn a_sound_chart_has_no_findings() {
        let mut baseline = Baseline::default();
        baseline.renew(&sound());
        assert!(baseline.is_empty());
    }

    #[test]
    fn what_is_known_is_shown_and_gates_nothing() {
        let mut plan = broken();
        assert_eq!(kinds(&plan, VerdictKind::Fail), ["port-chain"]);
        assert!(!kinds(&plan, VerdictKind::Inconclusive).is_empty());
        let mut baseline = Baseline::default();
        baseline.renew(&plan);
        let read = Baseline::read("b.yaml", &baseline.text()).expect("its own text");
        assert_eq!(read, baseline);
        read.apply(&mut plan);
        assert_eq!(kinds(&plan, VerdictKind::Fail), Vec::<String>::new());
        assert_eq!(kinds(&plan, VerdictKind::Inconclusive), Vec::<String>::new());
        let shown: Vec<String> =
            run_files(&plan).iter().filter(|v| v.kind == VerdictKind::Fail).map(|v| v.id.local()).collect();
        assert_eq!(shown, ["port-chain"]);
    }

    #[test]
    fn what_is_new_gates() {
        let mut baseline = Baseline::default();
        baseline.renew(&broken());
        let mut other = chart(&mutated("targetPort: http", "targetPort: hptt"), CONTRACT);
        baseline.apply(&mut other);
        assert!(!slot(&other, "port-chain").1.is_advisory);
        assert_eq!(kinds(&other, VerdictKind::Fail), ["port-chain"]);
        baseline.renew(&sound());
        assert!(baseline.is_empty(), "what is mended is forgotten");
    }

    #[test]
    fn a_file_that_is_none_says_so() {
        assert_eq!(Baseline::read("b.yaml", "found: {}\n").expect_err("no baseline").code, "wrong-type");
        assert_eq!(Baseline::read("b.yaml", ""), Ok(Baseline::default()));
    }
}
