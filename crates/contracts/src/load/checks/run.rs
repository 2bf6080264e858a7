//! `run:`: a command of the contract's author, judged by its exit code, and by the report that it writes.

use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::findings::Findings;
use crate::load::one_or_many::OneOrMany;
use crate::model::{Check, RunCheck};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "run",
    about: "A command ends with exit code 0, and no test case of its report failed.",
    is_static: false,
    schema: schema_of::<RunFile>,
    parse,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RunFile {
    /// Program and arguments, run in the chart's folder on the host; with `image` in a pod of that image, whose own
    /// they are where nothing is written.
    #[schemars(length(min = 1))]
    command: Option<Vec<String>>,
    /// An image that the cluster has or can have: the command runs in a pod beside the release, and the variables
    /// `SEATRIAL_NAMESPACE` and `SEATRIAL_RELEASE` tell it where.
    image: Option<String>,
    /// The JUnit report that it writes: a path below the chart's folder, with `image` an absolute one in the pod. A
    /// failed case fails the clause and is named; without any case it is inconclusive.
    junit: Option<String>,
    /// Programs that must be on PATH, else the clause is skipped.
    requires: Option<OneOrMany<String>>,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let file: RunFile = read(value, at, found)?;
    let is_good =
        has_something_to_run(&file, at, found) & has_a_place(&file, at, found) & needs_no_host(&file, at, found);
    let requires = file.requires.map(OneOrMany::into_vec).unwrap_or_default();
    let command = file.command.unwrap_or_default();
    is_good.then_some(Check::Run(RunCheck { command, image: file.image, junit: file.junit, requires }))
}

fn has_something_to_run(file: &RunFile, at: &str, found: &mut Findings<'_>) -> bool {
    let is_good = match (&file.command, &file.image) {
        (None, None) => false,
        (_, Some(image)) => !image.trim().is_empty(),
        (Some(_), None) => true,
    };
    if !is_good {
        found.value(at, "missing-key", "nothing to run", Some("write `command`, `image`, or both".to_owned()));
    }
    is_good
}

/// A report is where the command can write it and nobody else's is read: below the chart, or in the pod.
fn has_a_place(file: &RunFile, at: &str, found: &mut Findings<'_>) -> bool {
    let Some(path) = &file.junit else { return true };
    let has_name = !path.is_empty() && !path.ends_with('/') && !path.split('/').any(|part| part == "..");
    // The folder of the report is mounted over whatever the image has there.
    let is_deep = path.starts_with('/') && path.matches('/').count() > 1;
    let (is_good, hint) = match file.image {
        Some(_) => (has_name && is_deep, "write an absolute path in a folder of its own, such as /reports/junit.xml"),
        None => (has_name && !path.starts_with('/'), "write a path below the chart's folder"),
    };
    if !is_good {
        let message = format!("`{path}` is no place for a report");
        found.value(&child(at, "junit"), "bad-path", message, Some(hint.to_owned()));
    }
    is_good
}

/// What is of the host means nothing in a pod.
fn needs_no_host(file: &RunFile, at: &str, found: &mut Findings<'_>) -> bool {
    if file.image.is_none() {
        return true;
    }
    let mut is_good = file.requires.is_none();
    if !is_good {
        found.key(&child(at, "requires"), "misplaced-key", "`requires` is about the host, not about an image", None);
    }
    for word in file.command.iter().flatten().filter(|word| RunCheck::address(word).is_some()) {
        let hint = Some("a pod reaches a Service by its name".to_owned());
        found.value(&child(at, "command"), "bad-target", format!("`{word}` is a port of the host"), hint);
        is_good = false;
    }
    is_good
}
