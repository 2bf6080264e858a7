//! Each clause of each contract as a test of its own name: `chart::environment::clause[element]`.
//!
//! Three test targets, one for each class, call [`main`]. Listing needs Helm and nothing else. Running one test opens
//! a session of the run (the cluster comes up with the first that needs it) and judges that one slot.

use crate::judge::Judge;
use crate::program::root;
use camino::{Utf8Path, Utf8PathBuf};
use libtest_mimic::{Arguments, Failed, Trial};
use seatrial_contracts::model::{ChartPlan, Class, VerdictKind};
use std::process::ExitCode;
use std::sync::Arc;

/// The tests of one class; `program` is what the guard is started from.
pub fn main(class: Class, program: &str) -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Whoever measures or disturbs is alone; nextest sees to that between processes.
    if class != Class::Look && arguments.test_threads.is_none() {
        arguments.test_threads = Some(1);
    }
    let judge = match Judge::new(program, &root()) {
        Ok(judge) => Arc::new(judge),
        Err(error) => return libtest_mimic::run(&arguments, vec![broken("host::tools", error)]).exit_code(),
    };
    let trials = charts(&judge, &arguments).iter().flat_map(|chart| trials(&judge, class, chart)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trials(judge: &Arc<Judge>, class: Class, chart: &Utf8Path) -> Vec<Trial> {
    match judge.plan(chart) {
        Ok(plan) => of_plan(judge, class, &Arc::new(plan)),
        // An invalid contract breaks no listing: it is one test that fails.
        Err(error) if class == Class::Look => vec![broken(&format!("{}::contract::valid", name(chart)), error)],
        Err(_) => Vec::new(),
    }
}

fn of_plan(judge: &Arc<Judge>, class: Class, plan: &Arc<ChartPlan>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (e, environment) in plan.environments.iter().enumerate() {
        for (s, slot) in environment.slots.iter().enumerate().filter(|(_, slot)| slot.class == class) {
            let (judge, plan) = (Arc::clone(judge), Arc::clone(plan));
            let trial = Trial::test(slot.id.to_string(), move || verdict(&judge, &plan, (e, s)));
            trials.push(trial.with_ignored_flag(slot.skip.is_some()));
        }
    }
    trials
}

fn verdict(judge: &Judge, plan: &ChartPlan, (e, s): (usize, usize)) -> Result<(), Failed> {
    let environment = &plan.environments[e];
    let verdict = judge.judge(plan, environment, &environment.slots[s])?;
    let text = seatrial_contracts::report::text(&verdict, false);
    if verdict.kind != VerdictKind::Pass {
        return Err(Failed::from(text));
    }
    show(&text);
    Ok(())
}

/// Values and margins are worth reading also when a test passes; nextest keeps them for the report.
#[expect(clippy::print_stdout, reason = "a test talks to its runner by standard output")]
fn show(text: &str) {
    println!("{text}");
}

fn broken(name: &str, error: String) -> Trial {
    Trial::test(name, move || Err(Failed::from(error)))
}

/// All charts; only the one that is meant where a test is called by its whole name.
fn charts(judge: &Judge, arguments: &Arguments) -> Vec<Utf8PathBuf> {
    let mut charts = judge.charts();
    let meant = arguments.filter.as_deref().filter(|_| arguments.exact).and_then(|name| name.split("::").next());
    if let Some(meant) = meant.filter(|meant| charts.iter().any(|chart| name(chart) == *meant)) {
        charts.retain(|chart| name(chart) == meant);
    }
    charts
}

/// The chart's name, by its folder (`helm lint` warns where the two differ).
fn name(chart: &Utf8Path) -> &str {
    chart.file_name().unwrap_or_default()
}
