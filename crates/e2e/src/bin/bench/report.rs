//! What the reader sees, and the file for machines.

use super::Results;
use super::budgets::Budget;
use super::pairs::{Comparison, Outcome, Side, Spread};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;

/// One measurement is done.
pub(crate) fn progress(pair: usize, side: Side, seconds: f64) {
    let side = if side == Side::Ours { "ours" } else { "theirs" };
    complain(&format!("  pair {} {side:<6} {seconds:>7.2} s", pair + 1));
}

/// Progress and errors go to the error output; a reader that is gone is no trouble.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A number alone, for the program that asked.
pub(crate) fn figure(number: i64) {
    let _ = writeln!(std::io::stdout(), "{number}");
}

/// One comparison is done.
pub(crate) fn show(comparison: &Comparison) {
    let _ = writeln!(std::io::stdout(), "{}", text(comparison));
}

/// What was measured has a limit.
pub(crate) fn show_budgets(budgets: &[Budget]) {
    for budget in budgets {
        let _ = writeln!(std::io::stdout(), "{}", budget.text());
    }
}

fn text(comparison: &Comparison) -> String {
    let seconds = &comparison.seconds;
    let mut text = format!("{} ({} pairs)\n", comparison.what, seconds.ours.len());
    let rows =
        [("ours", &seconds.ours, "s"), (comparison.theirs, &seconds.theirs, "s"), ("ratio", &seconds.ratios(), "×")];
    for (name, numbers, unit) in rows {
        let Some(spread) = Spread::of(numbers) else { continue };
        let (median, min, max) = (spread.median, spread.min, spread.max);
        let _ = writeln!(text, "  {name:<38} {median:>7.2} {unit}  ({min:.2}…{max:.2})");
    }
    for note in &comparison.notes {
        let _ = writeln!(text, "  - {note}");
    }
    text
}

/// Writes `target/seatrial/bench.json`.
pub(crate) fn write(results: &Results, pairs: usize) -> Outcome<()> {
    let folder = e2e::program::root().join("target/seatrial");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("bench.json");
    let report = json!({
        "schema": "seatrial.bench/v1",
        "pairs": pairs,
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "comparisons": results.comparisons.iter().map(document).collect::<Vec<_>>(),
        "budgets": results.budgets.iter().map(Budget::json).collect::<Vec<_>>(),
    });
    std::fs::write(&path, format!("{report:#}\n"))?;
    complain(&format!("written to {path}"));
    Ok(())
}

fn document(comparison: &Comparison) -> Value {
    let seconds = &comparison.seconds;
    let side = |what: &str, argv: &[Vec<String>], samples: &[f64]| {
        let spread = Spread::of(samples).map(|spread| spread.json());
        json!({ "what": what, "argv": argv, "seconds": spread, "samples": samples })
    };
    json!({
        "name": comparison.name,
        "what": comparison.what,
        "ours": side("seatrial", &comparison.our_argv, &seconds.ours),
        "theirs": side(comparison.theirs, &comparison.their_argv, &seconds.theirs),
        "ratio": Spread::of(&seconds.ratios()).map(|spread| spread.json()),
        "notes": comparison.notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pairs::Seconds;

    fn comparison() -> Comparison {
        Comparison {
            name: "x",
            what: "x from a to b",
            theirs: "the usual way",
            our_argv: vec![vec!["a".into()]],
            their_argv: vec![vec!["b".into()]],
            notes: vec!["a note".into()],
            seconds: Seconds { ours: vec![1.0, 2.0, 4.0], theirs: vec![3.0, 8.0, 4.0] },
        }
    }

    #[test]
    fn a_comparison_shows_medians_and_spread() {
        let expected = "\
x from a to b (3 pairs)
  ours                                      2.00 s  (1.00…4.00)
  the usual way                             4.00 s  (3.00…8.00)
  ratio                                     3.00 ×  (1.00…4.00)
  - a note
";
        assert_eq!(text(&comparison()), expected);
    }

    #[test]
    fn the_file_holds_argv_and_every_sample() {
        let document = document(&comparison());
        assert_eq!(document["ours"]["argv"], json!([["a"]]));
        assert_eq!(document["theirs"]["samples"], json!([3.0, 8.0, 4.0]));
        assert_eq!(document["ratio"]["median"], 3.0);
    }
}
