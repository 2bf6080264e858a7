//! `job:`: a Job ends as promised.

use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::findings::Findings;
use crate::load::scalars::object;
use crate::model::{Check, JobCheck, Kind, Name, Target};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "job",
    about: "A Job completes, or fails with the exit code that is promised. job/NAME is one of the release, a hook too; \
            cronjob/NAME: a Job is made of it now, and removed afterwards.",
    is_static: false,
    schema: schema_of::<JobFile>,
    parse,
};

/// A Job, and how it ends.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum JobFile {
    /// job/NAME or cronjob/NAME
    Of(String),
    Exit(JobExitFile),
}

/// A Job that may be to fail.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct JobExitFile {
    /// job/NAME or cronjob/NAME
    of: String,
    /// The exit code of the container that ends it; 0 where none is written: it completes.
    #[serde(default)]
    #[schemars(range(min = 0, max = 255))]
    exit: i64,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let (of, exit) = match read(value, at, found)? {
        JobFile::Of(text) => (job(&text, at, found)?, 0),
        JobFile::Exit(file) => (job(&file.of, &child(at, "of"), found)?, file.exit),
    };
    Some(Check::Job(JobCheck { of, exit }))
}

fn job(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Target> {
    let target = object(text, at, found)?;
    let is_job = matches!(&target, Target::Object { kind: Kind::Named(kind), name }
        if ["Job", "CronJob"].contains(&kind.as_str()) && *name != Name::All);
    if !is_job {
        let hint = Some("write job/NAME or cronjob/NAME".to_owned());
        found.value(at, "bad-target", format!("`{text}` is no Job"), hint);
    }
    is_job.then_some(target)
}
