//! Mutants: named ways in which charts break, applied wherever they can be to sound charts of seven shapes with random
//! names. Each must be found by just its clause, at just its line. What nothing finds is in `survivors.txt`, which may
//! only get shorter. `just mutants` prints the table; `SEATRIAL_SEED` repeats the names of a run.

mod case;
mod chart;
mod emit;
mod helm;
mod judged;
mod kinds;
mod names;

use case::{Case, Mutant};
use chart::Chart;
use judged::{Outcome, outcome, verdicts};
use names::{Dice, seed};
use seatrial_contracts::language::judged_on_files;
use seatrial_contracts::model::VerdictKind;
use std::collections::{BTreeMap, BTreeSet};

/// What is known to be found by nothing: `check mutant shape: n`.
const SURVIVORS: &str = include_str!("survivors.txt");

/// Each check and default clause has at least so many mutants.
const LEAST: usize = 4;

/// The sound charts.
fn bases(seed: u64) -> Vec<Chart> {
    macro_rules! base {
        ($($shape:literal),*) => {
            [$(($shape, include_str!(concat!("bases/", $shape, ".yaml")),
                include_str!(concat!("bases/", $shape, ".contract.yaml")))),*]
        };
    }
    let dice = &mut Dice::new(seed);
    let all = base!("web", "database", "operator", "batch", "shop", "agent", "registry");
    all.into_iter().map(|(shape, text, contract)| Chart::of(shape, text, contract, dice)).collect()
}

#[test]
fn the_bases_are_sound() {
    let seed = seed();
    let all = bases(seed);
    // Also after a release that was the same, and beside an environment that is.
    let more = all.iter().flat_map(|chart| [chart.after(chart), chart.beside(chart)]).collect::<Vec<_>>();
    for chart in all.into_iter().chain(more) {
        let printed = chart.printed();
        for verdict in verdicts(&chart, &printed) {
            let shape = chart.shape;
            assert_eq!(
                verdict.kind,
                VerdictKind::Pass,
                "SEATRIAL_SEED={seed} {shape}: {verdict:#?}\n{}",
                printed.render
            );
        }
    }
}

#[test]
fn each_mutant_is_found_at_its_line() {
    let seed = seed();
    let tried = tried(&bases(seed));
    let text = table(&tried);
    println!("SEATRIAL_SEED={seed}\n{text}");
    let wrong: Vec<String> = tried.iter().flat_map(|tried| tried.wrong.clone()).collect();
    assert!(wrong.is_empty(), "SEATRIAL_SEED={seed}: {} of the mutants:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried.iter().map(|tried| tried.cases).sum::<usize>() >= 150, "too few");
    let survivors = survivors(&tried);
    assert_eq!(
        survivors,
        known(),
        "SEATRIAL_SEED={seed}: survivors.txt must list just these, and may not grow:\n{}",
        survivors.join("\n")
    );
}

#[test]
fn each_check_has_its_mutants() {
    let mut named: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for mutant in kinds::all() {
        assert!(named.entry(mutant.check).or_default().insert(mutant.name), "{} {} twice", mutant.check, mutant.name);
    }
    let judged: BTreeSet<&str> = judged_on_files().into_iter().collect();
    for check in &judged {
        let n = named.get(check).map_or(0, BTreeSet::len);
        assert!(n >= LEAST, "{check} has {n} mutants: a clause on the files brings at least {LEAST}");
    }
    let others: Vec<&&str> = named.keys().filter(|check| !judged.contains(**check)).collect();
    assert!(others.is_empty(), "mutants of nothing that is judged: {others:?}");
}

/// One mutant on all bases.
struct Tried {
    mutant: Mutant,
    cases: usize,
    survived: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

/// In turn on as many threads as there are cores: neighbours take alike long.
fn tried(bases: &[Chart]) -> Vec<Tried> {
    let all = kinds::all();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut tried: Vec<(usize, Tried)> = std::thread::scope(|scope| {
        let turn = |first: usize| {
            let own = all.iter().copied().enumerate().skip(first).step_by(threads);
            scope.spawn(move || own.map(|(number, mutant)| (number, on_all(mutant, bases))).collect::<Vec<_>>())
        };
        let turns: Vec<_> = (0..threads).map(turn).collect();
        turns.into_iter().flat_map(|turn| turn.join().expect("a turn ends")).collect()
    });
    tried.sort_by_key(|(number, _)| *number);
    tried.into_iter().map(|(_, tried)| tried).collect()
}

fn on_all(mutant: Mutant, bases: &[Chart]) -> Tried {
    let mut tried = Tried { mutant, cases: 0, survived: BTreeMap::new(), wrong: Vec::new() };
    for case in bases.iter().flat_map(mutant.apply) {
        tried.cases += 1;
        count(&mut tried, &case);
    }
    if tried.cases == 0 {
        tried.wrong.push(format!("{} {} has no subject in any base", mutant.check, mutant.name));
    }
    tried
}

fn count(tried: &mut Tried, case: &Case) {
    match outcome(tried.mutant.check, case) {
        Outcome::Found => {}
        Outcome::Survived => *tried.survived.entry(case.chart.shape).or_default() += 1,
        Outcome::Wrong(why) => {
            let (check, name, shape) = (tried.mutant.check, tried.mutant.name, case.chart.shape);
            tried.wrong.push(format!("== {check} {name} on {shape}: {why}"));
        }
    }
}

fn table(tried: &[Tried]) -> String {
    let mut rows =
        vec![format!("{:<18}{:>8}{:>8}{:>8}{:>10}{:>8}", "check", "mutants", "cases", "found", "survived", "wrong")];
    let mut checks: Vec<&str> = tried.iter().map(|tried| tried.mutant.check).collect();
    checks.dedup();
    for check in checks {
        rows.push(row(check, &tried.iter().filter(|t| t.mutant.check == check).collect::<Vec<_>>()));
    }
    rows.push(row("all", &tried.iter().collect::<Vec<_>>()));
    rows.extend(survivors(tried).iter().map(|survivor| format!("survivor: {survivor}")));
    rows.join("\n")
}

fn row(name: &str, of: &[&Tried]) -> String {
    let cases: usize = of.iter().map(|tried| tried.cases).sum();
    let survived: usize = of.iter().flat_map(|tried| tried.survived.values()).sum();
    let wrong: usize = of.iter().map(|tried| tried.wrong.len()).sum();
    let found = cases.saturating_sub(survived + wrong);
    format!("{name:<18}{:>8}{cases:>8}{found:>8}{survived:>10}{wrong:>8}", of.len())
}

fn survivors(tried: &[Tried]) -> Vec<String> {
    let lines = |tried: &Tried| {
        let (check, name) = (tried.mutant.check, tried.mutant.name);
        tried.survived.iter().map(|(shape, n)| format!("{check} {name} {shape}: {n}")).collect::<Vec<_>>()
    };
    let mut all: Vec<String> = tried.iter().flat_map(lines).collect();
    all.sort();
    all
}

fn known() -> Vec<String> {
    SURVIVORS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(str::to_owned).collect()
}
