//! Each mutation of `docs/rows.yaml` as a test of its own name: a copy of the chart with the edits, judged as a user
//! judges it. Precisely the clause that the mutation names fails, and says so.
//!
//! `static::NAME` needs Helm and nothing else. `live::NAME` needs a cluster and is run by `just mutations`, which also
//! writes what was killed to `docs/mutations.lock`.

use crate::charts::Copy;
use crate::judge::Judge;
use crate::program::{Program, root};
use crate::report::{Line, document, verdicts};
use libtest_mimic::{Arguments, Failed, Trial as Test};
use seatrial_contracts::model::{ChartPlan, Slot};
use seatrial_contracts::trace::Mutation;
use seatrial_harness::trace::{Outcome, Trial, is_static, keep_trial, lock, locked, mutation_key, requirements};
use std::process::ExitCode;

/// One test a mutation; `program` is what is called.
pub fn main(program: &str) -> ExitCode {
    let arguments = Arguments::from_args();
    let tests = match tests(program) {
        Ok(tests) => tests,
        Err(error) => vec![Test::test("static::table", move || Err(Failed::from(error)))],
    };
    libtest_mimic::run(&arguments, tests).exit_code()
}

fn tests(program: &str) -> Result<Vec<Test>, String> {
    let (_, table) = requirements(&root()).map_err(|error| error.to_string())?;
    let judge = Judge::new(program, &root())?;
    let mut plans: Vec<ChartPlan> = Vec::new();
    let mut tests = Vec::new();
    for (name, mutation) in table.mutations {
        if !plans.iter().any(|plan| plan.chart == mutation.chart) {
            plans.push(judge.plan(&root().join("charts").join(&mutation.chart))?);
        }
        let plan = plans.iter().find(|plan| plan.chart == mutation.chart).cloned();
        tests.push(test(program, name, mutation, plan.ok_or("a chart whose folder is not called like it")?));
    }
    Ok(tests)
}

fn test(program: &str, name: String, mutation: Mutation, plan: ChartPlan) -> Test {
    let (program, is_static) = (Program::at(program), is_static(&mutation, &plan));
    let tier = if is_static == Some(false) { "live" } else { "static" };
    let test = Test::test(format!("{tier}::{name}"), move || attempt(&program, &name, &mutation, &plan));
    test.with_ignored_flag(tier == "live")
}

fn attempt(program: &Program, name: &str, mutation: &Mutation, plan: &ChartPlan) -> Result<(), Failed> {
    let slot = slot(mutation, plan).ok_or_else(|| format!("there is no clause {}", mutation.breaks.clause))?;
    let outcome = outcome(program, mutation, slot);
    let key = mutation_key(mutation, plan).map_err(|error| error.to_string())?;
    let trial = Trial { mutation: name.to_owned(), key, outcome, at: jiff::Timestamp::now() };
    keep_trial(&root(), &trial).map_err(|error| error.to_string())?;
    if is_static(mutation, plan) == Some(false) && std::env::var_os("SEATRIAL_BLESS").is_some() {
        bless(&trial)?;
    }
    match trial.outcome {
        Outcome::Killed => Ok(()),
        Outcome::Survived(what) => Err(Failed::from(what)),
    }
}

fn slot<'p>(mutation: &Mutation, plan: &'p ChartPlan) -> Option<&'p Slot> {
    let environment = plan.environments.iter().find(|environment| environment.name == mutation.environment)?;
    environment.slots.iter().find(|slot| slot.id.local() == mutation.breaks.clause)
}

/// Judges a changed copy on every level up to the clause's own.
fn outcome(program: &Program, mutation: &Mutation, slot: &Slot) -> Outcome {
    let edits = mutation.edits.iter();
    let copy = edits.fold(Copy::of(&mutation.chart), |copy, edit| copy.edited(&edit.file, &edit.from, &edit.to));
    let (path, level) = (copy.path(), format!("{:?}", slot.level).to_lowercase());
    let args = ["verify", path.as_str(), "-e", &mutation.environment, "--up-to", &level, "--format", "json"];
    let document = document(&program.call(&args));
    if document["verdicts"].as_array().is_none_or(Vec::is_empty) {
        return Outcome::Survived(format!("there are no verdicts: {document}"));
    }
    judged(mutation, &verdicts(&document))
}

/// One Fail, of this clause, with these words in its cause; everything else passes or is blocked by it.
fn judged(mutation: &Mutation, verdicts: &[Line]) -> Outcome {
    let is_it = |line: &Line| line.id.ends_with(&format!("::{}::{}", mutation.environment, mutation.breaks.clause));
    let killer = verdicts.iter().find(|line| is_it(line));
    let is_explained = |line: &Line| ["pass", "skipped"].contains(&line.verdict.as_str()) || line.blocked_by.is_some();
    // Other elements of `each` are the same promise.
    let clause = mutation.breaks.clause.split('[').next().unwrap_or_default();
    let is_same = |line: &Line| line.id.split("::").nth(2).and_then(|id| id.split('[').next()) == Some(clause);
    let others: Vec<&Line> = verdicts.iter().filter(|line| !is_same(line) && !is_explained(line)).collect();
    match killer {
        Some(line) if line.verdict != "fail" => {
            Outcome::Survived(format!("{} is {}: {}; others: {others:?}", line.id, line.verdict, line.cause))
        }
        Some(_) if !others.is_empty() => Outcome::Survived(format!("it does not fail alone: {others:?}")),
        Some(line) if !line.cause.contains(&mutation.breaks.saying) => {
            Outcome::Survived(format!("the cause does not say `{}`: {}", mutation.breaks.saying, line.cause))
        }
        Some(_) => Outcome::Killed,
        None => Outcome::Survived("its clause was not judged".to_owned()),
    }
}

/// Into the checked-in list, or out of it.
fn bless(trial: &Trial) -> Result<(), String> {
    let mut keys = locked(&root());
    match trial.outcome {
        Outcome::Killed => keys.insert(trial.mutation.clone(), trial.key.clone()),
        Outcome::Survived(_) => keys.remove(&trial.mutation),
    };
    lock(&root(), &keys).map_err(|error| error.to_string())
}
