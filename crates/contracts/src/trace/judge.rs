//! From what ran to the state of each row.

use super::table::{RowTest, Table};
use super::{Ended, Kind, Row, State, TestSeen, Witness};
use crate::model::{ChartPlan, Slot, Verdict, VerdictKind};
use crate::report::figure;
use std::collections::{BTreeMap, BTreeSet};

/// All that a trace follows from.
pub struct Inputs<'a> {
    /// The ids of all rows.
    pub rows: &'a BTreeSet<String>,
    /// What rows stand on besides clauses.
    pub table: &'a Table,
    /// Every verdict that can be given.
    pub plans: &'a [ChartPlan],
    /// The last verdict of each slot on the chart as it is, by the slot's whole name.
    pub verdicts: &'a BTreeMap<String, Verdict>,
    /// The last end of each test on the sources as they are, by its name.
    pub tests: &'a BTreeMap<String, TestSeen>,
    /// What came of each mutation on the chart as it is, by its name.
    pub mutations: &'a BTreeMap<String, Witness>,
}

/// What every row comes to, in the order of their ids.
pub fn judge(inputs: &Inputs<'_>) -> Vec<Row> {
    inputs.rows.iter().map(|id| row(inputs, id)).collect()
}

fn row(inputs: &Inputs<'_>, id: &str) -> Row {
    let decision = inputs.table.not_applicable.get(id);
    let mut by: Vec<Witness> = decision.map(not_applicable).into_iter().collect();
    if decision.is_some_and(|decision| decision.part.is_none()) {
        return Row { id: id.to_owned(), state: State::NotApplicable, by };
    }
    let promises: Vec<Promise> = clauses(inputs, id).into_iter().chain(tests(inputs, id)).collect();
    let state = state(&promises);
    by.extend(promises.into_iter().flat_map(|promise| std::iter::once(promise.witness).chain(promise.mutations)));
    Row { id: id.to_owned(), state, by }
}

/// A clause or test that names the row, and the mutations made for the row that it must notice.
struct Promise {
    witness: Witness,
    mutations: Vec<Witness>,
}

impl Promise {
    fn is_proof(&self) -> bool {
        self.witness.result == Ended::Pass && self.mutations.iter().any(|mutation| mutation.result == Ended::Killed)
    }
}

fn state(promises: &[Promise]) -> State {
    let is_any = |ended: Ended| promises.iter().any(|promise| promise.witness.result == ended);
    if promises.is_empty() {
        State::Open
    } else if is_any(Ended::Fail) {
        State::Failing
    } else if promises.iter().all(|promise| promise.witness.result == Ended::Skipped) {
        State::Skipped
    } else if !is_any(Ended::Inconclusive) && promises.iter().any(Promise::is_proof) {
        State::Proved
    } else {
        State::Claimed
    }
}

fn not_applicable(decision: &super::NotApplicable) -> Witness {
    let detail = match &decision.part {
        Some(part) => format!("{part}: {}", decision.why),
        None => decision.why.clone(),
    };
    let result = Ended::NotApplicable;
    Witness { kind: Kind::Decision, name: "requirements".to_owned(), result, detail: Some(detail) }
}

/// The clauses that name the row, each with all its environments and elements.
fn clauses(inputs: &Inputs<'_>, id: &str) -> Vec<Promise> {
    let slots = inputs.plans.iter().flat_map(|plan| &plan.environments).flat_map(|environment| &environment.slots);
    let mut named: BTreeMap<(&str, &str), Vec<&Slot>> = BTreeMap::new();
    let listed: Vec<&String> = inputs.table.clauses.get(id).into_iter().flatten().collect();
    let is_listed = |slot: &Slot| listed.contains(&&format!("{}::{}", slot.id.chart, slot.id.clause));
    for slot in slots.filter(|slot| slot.covers.iter().any(|row| row == id) || is_listed(slot)) {
        named.entry((&slot.id.chart, &slot.id.clause)).or_default().push(slot);
    }
    named.into_iter().map(|((chart, clause), slots)| clause_promise(inputs, id, (chart, clause), &slots)).collect()
}

fn clause_promise(inputs: &Inputs<'_>, id: &str, (chart, clause): (&str, &str), slots: &[&Slot]) -> Promise {
    let seen = slots.iter().map(|slot| slot_seen(inputs, slot));
    let worst = seen.min_by_key(|(ended, _)| *ended);
    let (result, detail) = worst.unwrap_or((Ended::Unknown, None));
    let witness = Witness { kind: Kind::Clause, name: format!("{chart}::{clause}"), result, detail };
    let is_mine = |breaks: &str| breaks.split('[').next() == Some(clause);
    let made = inputs.table.mutations_for(id).filter(|(_, mutation)| {
        // The folder of a chart is called like the chart (`helm lint` warns where it is not).
        mutation.chart == chart && is_mine(&mutation.breaks.clause)
    });
    Promise { witness, mutations: made.map(|(name, _)| mutation(inputs, name)).collect() }
}

fn slot_seen(inputs: &Inputs<'_>, slot: &Slot) -> (Ended, Option<String>) {
    let name = slot.id.to_string();
    let Some(verdict) = inputs.verdicts.get(&name) else {
        let skip = slot.skip.as_ref().map(|skip| (Ended::Skipped, Some(skip.reason.clone())));
        return skip.unwrap_or_else(|| (Ended::Unknown, Some(format!("no run of {name} is recorded"))));
    };
    let cause = verdict.cause.as_ref().map(|cause| first_line(&cause.message));
    match verdict.kind {
        VerdictKind::Pass => (Ended::Pass, figure(verdict)),
        VerdictKind::Fail => (Ended::Fail, figure(verdict).or(cause)),
        VerdictKind::Inconclusive => (Ended::Inconclusive, cause),
        VerdictKind::Skipped => (Ended::Skipped, cause),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn mutation(inputs: &Inputs<'_>, name: &str) -> Witness {
    let untried = || witness(Kind::Mutation, name, Ended::Unknown, Some("no trial is recorded"));
    inputs.mutations.get(name).cloned().unwrap_or_else(untried)
}

fn tests(inputs: &Inputs<'_>, id: &str) -> Vec<Promise> {
    inputs.table.tests.get(id).into_iter().flatten().map(|test| test_promise(inputs, test)).collect()
}

/// A test with a broken input that passed has seen its mutation killed.
fn test_promise(inputs: &Inputs<'_>, test: &RowTest) -> Promise {
    let broken = test.broken.as_ref().map(|name| {
        let seen = test_seen(inputs, name, Kind::Mutation);
        let result = match seen.result {
            Ended::Pass => Ended::Killed,
            Ended::Fail => Ended::Survived,
            other => other,
        };
        Witness { result, ..seen }
    });
    Promise { witness: test_seen(inputs, &test.test, Kind::Test), mutations: broken.into_iter().collect() }
}

/// A test, or all cases of one that has cases (`name::case_1_x`).
fn test_seen(inputs: &Inputs<'_>, name: &str, kind: Kind) -> Witness {
    let is_it = |seen: &&TestSeen| {
        seen.name == name || seen.name.strip_prefix(name).is_some_and(|rest| rest.starts_with("::case_"))
    };
    let worst = inputs.tests.values().filter(is_it).map(|seen| seen.ended).min();
    match worst {
        Some(ended) => witness(kind, name, ended, None),
        None => witness(kind, name, Ended::Unknown, Some("no run on these sources is recorded")),
    }
}

fn witness(kind: Kind, name: &str, result: Ended, detail: Option<&str>) -> Witness {
    Witness { kind, name: name.to_owned(), result, detail: detail.map(ToOwned::to_owned) }
}
