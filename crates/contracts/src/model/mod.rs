//! The domain types of the flow: Contract, Clause, Check, Plan, Slot, Verdict. Data with small accessors; how they are
//! parsed is in `load`, how they are judged in `judge`.

mod beside;
mod check;
mod clause;
mod contract;
mod expect;
mod health;
mod latency;
mod metrics;
mod need;
mod pack;
mod plan;
mod rendered;
mod repository;
mod skaffold;
mod talk;
mod target;
mod verdict;

pub use beside::{Beside, EnvPart, EnvText};
pub use check::{
    Access, Check, HelmTestCheck, HttpCheck, HttpStep, JobCheck, LogsCheck, ObjectExpectations, RbacCheck, ReadyOf,
    Refusal, Refused, RegistryCheck, RegistryTalk, RunCheck, TcpCheck, UsageCheck, UsageOf,
};
pub use clause::{Action, Clause, Event, Load, Phase, Reference, Skip, Vantage, Within};
pub use contract::{
    ClusterSpec, Contract, DockerSpec, Environment, NodeResources, ROWS, RawClause, ReleaseSpec, Timeouts,
};
pub use expect::{Comparison, Expectation, ObjectPath, Operator, PathStep};
pub use health::{Health, MadeHealth, ServiceHealth, StateHealth, Wellness};
pub use latency::{Latency, LatencyLimit, Than};
pub use metrics::{MetricsCheck, Series};
pub use need::{Database, Need, Outputs, Program, RawNeed, Thing};
pub use pack::{BUILT_IN_PACKS, Pack, Packs};
pub use plan::{ChartPlan, Class, EnvironmentPlan, LastRelease, Level, Origin, Release, Slot, SlotId, What};
pub use rendered::Rendered;
pub(crate) use repository::fits;
pub use repository::{ClusterMatrix, Contexts, ImageSource, Released, Repository};
pub use skaffold::SkaffoldFile;
pub(crate) use talk::looked_up;
pub use talk::{
    PostgresCheck, PostgresExpect, PostgresLogin, Saved, TalkAct, TalkStep, Tls, Trust, WsCheck, WsLine, filled,
    filled_body, filled_text,
};
pub use target::{Kind, Name, PortRef, Target, TargetError, object_field};
pub use verdict::{BlockedBy, Cause, Measured, Verdict, VerdictKind, Where};
