//! The end of `verify` and `check`: the report in every form that was asked for, and the exit code.

use crate::clock::Clock;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::Planning;
use crate::printer::Printer;
use crate::trial::Trial;
use camino::Utf8Path;
use seatrial_contracts::report;
use serde_json::{Value, json};

/// All that the end tells about.
pub(crate) struct Answer<'a> {
    pub(crate) planning: &'a Planning,
    pub(crate) trial: &'a Trial,
    /// Clauses of `clauses.lock` that no plan has.
    pub(crate) missing: &'a [String],
    pub(crate) clock: &'a Clock,
}

impl Answer<'_> {
    /// Writes the files, prints, and gives the exit.
    pub(crate) fn give(
        &self,
        context: &Context,
        json: Option<&Utf8Path>,
        junit: Option<&Utf8Path>,
    ) -> Result<Exit, Failure> {
        let exits = self.exits();
        let exit = exits.first().copied().unwrap_or(Exit::Good);
        let document = self.document(exit);
        if let Some(path) = json {
            write(path, &format!("{document:#}\n"))?;
        }
        if let Some(path) = junit {
            write(path, &report::junit(&self.trial.verdicts))?;
        }
        self.print(&exits, &document, context);
        Ok(exit)
    }

    /// Everything that applies, the gravest first.
    fn exits(&self) -> Vec<Exit> {
        let codes = report::exit_codes(&self.trial.verdicts, &self.facts());
        let mut exits: Vec<Exit> = codes.into_iter().map(Exit::of_code).collect();
        exits.extend(self.planning.failures.iter().map(|failure| failure.exit));
        exits.extend(self.trial.is_interrupted.then_some(Exit::Interrupted));
        Exit::ALL.into_iter().filter(|exit| exits.contains(exit)).collect()
    }

    fn facts(&self) -> report::ExitFacts {
        report::ExitFacts {
            is_environment_down: self.trial.environment.is_some(),
            is_clause_missing: !self.missing.is_empty(),
            is_cleanup_failed: self.trial.leftovers.is_some(),
            ..report::ExitFacts::default()
        }
    }

    fn document(&self, exit: Exit) -> Value {
        let mut document = report::json(&self.trial.verdicts, exit.code().into());
        let diagnostics = self.planning.failures.iter().flat_map(|failure| &failure.diagnostics);
        document["diagnostics"] = json!(diagnostics.collect::<Vec<_>>());
        document["problems"] = json!(self.problems());
        document["missing"] = json!(self.missing);
        document["seconds"] = json!(self.clock.laps().iter().cloned().collect::<std::collections::BTreeMap<_, _>>());
        document
    }

    /// What went wrong beside verdicts, one line each.
    fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> = self.planning.failures.iter().map(|failure| failure.message.clone()).collect();
        problems.extend(self.trial.environment.iter().map(|error| format!("the environment did not come up: {error}")));
        problems
            .extend(self.missing.iter().map(|id| format!("{id} is in clauses.lock and in no plan: was it removed?")));
        problems.extend(self.trial.leftovers.iter().map(|error| format!("cleanup failed: {error}")));
        if self.trial.is_interrupted {
            problems.push("interrupted; what was made is torn down".to_owned());
        }
        problems
    }

    fn print(&self, exits: &[Exit], document: &Value, context: &Context) {
        let printer = &context.printer;
        if printer.is_json() {
            Printer::document(document);
        }
        for failure in &self.planning.failures {
            printer.mistakes(failure);
        }
        for problem in self.problems() {
            printer.error(&problem);
        }
        for exit in exits {
            printer.line(&format!("exit {}: {}", exit.code(), exit.meaning()));
        }
        if !printer.is_json() {
            printer.line(&report::summary(&self.trial.verdicts, self.clock.laps(), printer.has_colour()));
        }
    }
}

fn write(path: &Utf8Path, text: &str) -> Result<(), Failure> {
    let refused = |error: std::io::Error| Failure::usage(format!("{path} can't be written: {error}"));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(refused)?;
    }
    std::fs::write(path, text).map_err(refused)
}
