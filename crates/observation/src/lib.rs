//! The words that Seatrial's crates share, data only: what to look at ([`ProbeSpec`]), what was seen
//! ([`Seen`], [`Sample`], [`Observation`]), what a look means ([`Look`]) and what happens on the way ([`Event`]).
//!
//! Everything here is plain serde data: a record written by one process is read by another, and by the judge.

/// What stands in a redacted text where the value of a Secret was; a log that holds it printed a secret.
pub const REDACTED: &str = "[redacted:secret]";

mod admission;
mod event;
mod latency;
mod look;
mod observation;
mod probe;
mod sample;
mod sequential;
mod startup;
mod talk;

pub use admission::{Admission, DryRun, Refused};
pub use event::Event;
pub use latency::{Connections, LatencyGoal, LatencyLimitUs, LatencyRun, LatencySpec, Machine, Series};
pub use look::{Look, Reason};
pub use observation::{Actions, Clock, Ended, LoadSeen, Observation, Part};
pub use probe::{
    DnsAnswer, DnsSpec, FailureKind, FirstAnswer, FirstAnswerSpec, HttpAnswer, HttpSpec, ProbeAnswer, ProbeFailure,
    ProbeOutcome, ProbeSpec, RegistryAction, RegistryAnswer, RegistrySpec, RegistryStep, Seed, TcpSpec, Way,
};
pub use sample::{
    Answered, CommandSeen, ContainerEnd, Found, JobSeen, LogStream, LookError, ObjectLook, Sample, Seen, TestsSeen,
    Usage,
};
pub use sequential::{Decision, LatencyTest, Sequential};
pub use startup::{Place, PodStart, Start};
pub use talk::{
    Certificate, PostgresAnswer, PostgresError, PostgresSpec, PostgresTls, WsAct, WsClosed, WsFrame, WsKind, WsSpec,
    WsState, WsStep, WsTalk,
};
