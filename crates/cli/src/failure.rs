//! Why a command gave no answer: an exit and what to tell the reader.

use crate::exit::Exit;
use seatrial_contracts::diagnostic::Diagnostic;

/// The error of every command.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// What went wrong, with the remedy where one is known.
    pub(crate) message: String,
    /// The mistakes of contract files, each with its place.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// A failure without mistakes in a contract file.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), diagnostics: Vec::new() }
    }

    /// The command line makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Something before Helm did not come up.
    pub(crate) fn environment(error: &dyn std::error::Error) -> Self {
        Self::new(Exit::NoEnvironment, chain(error))
    }

    /// Several failures in one: the gravest exit, all messages, all mistakes. `None` for none.
    pub(crate) fn all(failures: Vec<Self>) -> Option<Self> {
        failures.into_iter().reduce(|mut all, next| {
            all.exit = all.exit.or(next.exit);
            all.message = format!("{}\n{}", all.message, next.message);
            all.diagnostics.extend(next.diagnostics);
            all
        })
    }

    /// Mistakes in contract files.
    pub(crate) fn invalid(diagnostics: Vec<Diagnostic>) -> Self {
        let files: std::collections::BTreeSet<&str> = diagnostics.iter().map(|found| found.file.as_str()).collect();
        let files = files.into_iter().collect::<Vec<_>>().join(", ");
        Self { exit: Exit::Invalid, message: format!("{files} is no valid contract"), diagnostics }
    }
}

/// An error with all its sources, each named once.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
