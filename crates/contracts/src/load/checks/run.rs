//! `run:`: a command of the contract's author, judged by its exit code.

use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::findings::Findings;
use crate::load::one_or_many::OneOrMany;
use crate::model::{Check, RunCheck};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "run",
    about: "A command ends with exit code 0.",
    is_static: false,
    schema: schema_of::<RunFile>,
    parse,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RunFile {
    /// Program and arguments, run in the chart's folder.
    #[schemars(length(min = 1))]
    command: Vec<String>,
    /// Programs that must be on PATH, else the clause is skipped.
    requires: Option<OneOrMany<String>>,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let file: RunFile = read(value, at, found)?;
    let requires = file.requires.map(OneOrMany::into_vec).unwrap_or_default();
    Some(Check::Run(RunCheck { command: file.command, requires }))
}
