//! What every driver of the judge relies on (DESIGN section 2), through the public interface.

use indexmap::IndexMap;
use seatrial_contracts::judge::{blocked, blocking};
use seatrial_contracts::load::default_contract;
use seatrial_contracts::model::{ChartPlan, VerdictKind};
use seatrial_contracts::plan::{ChartSource, plan};
use std::collections::BTreeMap;

const RENDER: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: empty }\n";

fn least_plan() -> ChartPlan {
    let contract = default_contract();
    let renders: IndexMap<String, Result<String, String>> =
        contract.environments.keys().map(|name| (name.clone(), Ok(RENDER.to_owned()))).collect();
    let source = ChartSource {
        path: "charts/least",
        chart_yaml: "name: least\nversion: 1.0.0\n",
        values_yaml: "",
        files: &BTreeMap::new(),
        renders: &renders,
        last_releases: &IndexMap::new(),
        skaffold: None,
        run_id: "0",
        env: &std::collections::BTreeMap::new(),
    };
    plan(&contract, &source).expect("a plan")
}

/// Invariant 3: a prerequisite that was skipped or could not be judged is no pass either.
#[test]
fn whatever_did_not_pass_blocks() {
    let plan = least_plan();
    let slot = plan.environments[0].slots.iter().find(|slot| slot.id.clause == "installs").expect("it is implicit");
    let mut verdict = blocked(slot, "renders");
    assert_eq!(blocking(&verdict).as_deref(), Some("renders"), "by the root, not by the link");
    verdict.blocked_by = None;
    for kind in [VerdictKind::Fail, VerdictKind::Inconclusive, VerdictKind::Skipped] {
        verdict.kind = kind;
        assert_eq!(blocking(&verdict).as_deref(), Some("installs"), "{kind:?}");
    }
    verdict.kind = VerdictKind::Pass;
    assert_eq!(blocking(&verdict), None);
}
