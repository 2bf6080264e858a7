//! What is here, what will not work and why, and what mends it.

mod problems;
mod text;

use super::facts::HostFacts;
use super::kind::HostKind;
use crate::command::Cmd;
use crate::setup::{Mode, Need, State, StepReport, setup};
use serde::Serialize;
use std::time::Duration;

/// A program or image and its version.
#[derive(Debug, Clone, Serialize)]
pub struct ToolLine {
    /// What it is.
    pub name: String,
    /// Version, path or tag; `None` where it is missing.
    pub found: Option<String>,
    /// The command that gets it, where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Something that will not work here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What will not work.
    pub what: String,
    /// Why not.
    pub why: String,
    /// What mends it; `None` where nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// The whole examination.
#[derive(Debug, Clone, Serialize)]
pub struct Doctor {
    /// The version of this document's form.
    pub schema: &'static str,
    /// Which kind of host it is.
    pub kind: HostKind,
    /// The facts.
    pub host: HostFacts,
    /// Programs and images.
    pub tools: Vec<ToolLine>,
    /// What will not work.
    pub problems: Vec<Problem>,
}

/// Examines this host; changes nothing.
pub async fn doctor() -> Doctor {
    let host = HostFacts::look().await;
    let mut tools = compilers().await;
    for need in Need::ALL {
        tools.push(look_for(need).await);
    }
    let problems = problems::of(&host);
    Doctor { schema: "seatrial.doctor/v1", kind: host.kind(), host, tools, problems }
}

async fn look_for(need: Need) -> ToolLine {
    // Without what it needs itself: one line a need, whatever else is missing.
    let step = match setup(&[need], Mode::Check, &mut |_| {}).await {
        Ok(report) => report.steps.into_iter().find(|step| step.need == need),
        Err(error) => Some(StepReport { need, state: State::Missing, detail: error.source.to_string(), seconds: 0.0 }),
    };
    let (found, remedy) = match step {
        Some(step) if step.state == State::Missing => (None, Some(step.detail)),
        Some(step) => (Some(step.detail), None),
        None => (None, Some(need.remedy().to_owned())),
    };
    ToolLine { name: need.to_string(), found, remedy }
}

/// What builds the rest.
async fn compilers() -> Vec<ToolLine> {
    let go = "install Go 1.26 or newer";
    let rust = "install Rust (rustup.rs)";
    vec![program("go", &["version"], go).await, program("cargo", &["--version"], rust).await]
}

async fn program(name: &str, args: &[&str], remedy: &str) -> ToolLine {
    let said = Cmd::new(name).args(args).timeout(Duration::from_secs(20)).run_ok().await.ok();
    let found = said.map(|said| said.text().to_owned());
    let remedy = found.is_none().then(|| remedy.to_owned());
    ToolLine { name: name.to_owned(), found, remedy }
}
