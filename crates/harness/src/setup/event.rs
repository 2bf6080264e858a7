//! What a set-up tells while it runs and when it has ended.

use super::Need;
use seatrial_observation::Event;
use serde::Serialize;

/// Whether anything may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Only tell what is missing.
    Check,
    /// Make what is missing.
    Do,
}

/// One thing that happened during a set-up.
#[derive(Debug, Clone)]
pub enum SetupEvent {
    /// Something is missing and is being made.
    Started {
        /// Which need.
        need: Need,
        /// What is being done, and how long it may take.
        what: String,
    },
    /// A line about work in progress.
    Progress {
        /// Which need.
        need: Need,
        /// The line.
        line: String,
    },
    /// A need was looked at, or made.
    Done(StepReport),
}

impl From<SetupEvent> for Event {
    fn from(event: SetupEvent) -> Self {
        match event {
            SetupEvent::Started { need, what } => Self::Started { what: format!("{need}: {what}") },
            SetupEvent::Progress { need, line } => Self::Progress { what: need.to_string(), line },
            SetupEvent::Done(step) => Self::Finished { what: step.to_string(), seconds: step.seconds },
        }
    }
}

/// How a need was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It was there.
    Present,
    /// It was missing and has been made.
    Made,
    /// It is missing.
    Missing,
}

/// One need, how it was found and what it is now.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// Which need.
    pub need: Need,
    /// How it was found.
    pub state: State,
    /// A version, a path or a tag; the remedy where it is missing.
    pub detail: String,
    /// How long looking and making took.
    pub seconds: f64,
}

impl std::fmt::Display for StepReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match self.state {
            State::Present => "there",
            State::Made => "made",
            State::Missing => "missing",
        };
        write!(f, "{} {state}: {}", self.need, self.detail)
    }
}

/// All that a set-up found and made.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SetupReport {
    /// Which kind of host it is.
    pub host: String,
    /// Each need, in order.
    pub steps: Vec<StepReport>,
    /// How long all of it took.
    pub seconds: f64,
}

impl SetupReport {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.steps.iter().all(|step| step.state != State::Missing)
    }
}
