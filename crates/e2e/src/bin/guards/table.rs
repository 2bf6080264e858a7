//! What came of each violation, in one line.

use super::patch::{Guard, Patch};
use std::collections::BTreeSet;
use std::io::Write as _;

/// What came of a violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Just its guard failed.
    Bites,
    /// Nothing failed.
    Silent,
    /// Something else failed, alone or too.
    Others(Vec<String>),
    /// The patch does not apply any more.
    Stale(String),
    /// The patched tree can't be judged.
    Broken(String),
    /// The tree is not sound without the patch.
    Unsound(String),
    /// It was not tried.
    NeedsCluster,
}

impl Verdict {
    /// By what failed in the patched tree.
    pub(crate) fn of(patch: &Patch, failures: Result<BTreeSet<String>, String>) -> Self {
        let failures = match failures {
            Ok(failures) => failures,
            Err(message) => return Self::Broken(message),
        };
        let guard = patch.guard.name();
        let others: Vec<_> = failures.iter().filter(|name| *name != guard).cloned().collect();
        match (failures.contains(guard), others.is_empty()) {
            (true, true) => Self::Bites,
            (false, true) => Self::Silent,
            _ => Self::Others(others),
        }
    }

    fn words(&self) -> (&'static str, String) {
        match self {
            Self::Bites => ("bites", String::new()),
            Self::Silent => ("SILENT", "nothing failed".to_owned()),
            Self::Others(names) => ("OTHERS", format!("failed: {}", names.join(", "))),
            Self::Stale(message) => ("STALE", message.lines().last().unwrap_or_default().to_owned()),
            Self::Broken(message) => ("BROKEN", message.clone()),
            Self::Unsound(message) => ("UNSOUND", format!("without the patch: {message}")),
            Self::NeedsCluster => ("untried", "needs --cluster".to_owned()),
        }
    }
}

/// A line of the table.
pub(crate) struct Row {
    name: String,
    guard: String,
    verdict: Verdict,
}

impl Row {
    pub(crate) fn new(patch: &Patch, verdict: Verdict) -> Self {
        Self { name: patch.name.clone(), guard: patch.guard.name().to_owned(), verdict }
    }

    /// Whether it needs nobody's attention.
    pub(crate) fn is_fine(&self) -> bool {
        matches!(self.verdict, Verdict::Bites | Verdict::NeedsCluster)
    }

    fn text(&self) -> String {
        let (word, more) = self.verdict.words();
        let more = if more.is_empty() { more } else { format!("\n          {more}") };
        format!("{word:<8}  {:<36}  {}{more}", self.name, self.guard)
    }
}

/// One line, as soon as it is known.
pub(crate) fn show(row: &Row) {
    let _ = writeln!(std::io::stdout(), "{}", row.text());
}

/// One line that counts.
pub(crate) fn summary(rows: &[Row]) {
    let count = |is_it: fn(&Verdict) -> bool| rows.iter().filter(|row| is_it(&row.verdict)).count();
    let (bite, untried) = (count(|one| *one == Verdict::Bites), count(|one| *one == Verdict::NeedsCluster));
    let _ = writeln!(std::io::stdout(), "\n{bite} of {} guards bite, {untried} need a cluster", rows.len());
}

/// Which invariant has which guard, as Markdown.
pub(crate) fn list(patches: &[Patch]) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "| invariant | guard | violated by |\n|---|---|---|");
    for patch in patches {
        let kind = match &patch.guard {
            Guard::Test(_) if patch.needs_cluster => "test on a cluster",
            Guard::Test(_) => "test",
            Guard::Lint(_) => "lint",
        };
        let (invariant, guard, name) = (&patch.invariant, patch.guard.name(), &patch.name);
        let _ = writeln!(out, "| {invariant} | {kind} `{guard}` | `{name}`: {} |", patch.violation);
    }
}

/// Progress and errors go to the error output.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(failed: &[&str], expected: &Verdict) {
        let patch = Patch {
            name: "01-x".into(),
            path: "guards/01-x.patch".into(),
            invariant: "1 x".into(),
            violation: "y".into(),
            guard: Guard::Test("p t".into()),
            run: "nextest run".into(),
            needs_cluster: false,
        };
        let failed = failed.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(Verdict::of(&patch, Ok(failed)), *expected);
    }

    #[test]
    fn only_the_guard_alone_is_a_bite() {
        check(&["p t"], &Verdict::Bites);
        check(&[], &Verdict::Silent);
        check(&["p t", "p other"], &Verdict::Others(vec!["p other".into()]));
        check(&["p other"], &Verdict::Others(vec!["p other".into()]));
    }
}
