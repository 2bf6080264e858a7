//! Makes a host ready: engine, tools and images. Each step looks first, then
//! makes only what is missing. What was made is kept in the cache, so a second
//! run only looks.

mod apt;
mod cargo;
mod debian_image;
mod docker;
mod engine;
mod error;
mod event;
mod go;
mod go_image;
mod need;
mod node_image;
mod program_image;
mod programs;
mod recipes;
mod roots;
mod skaffold;
mod steps;

pub(crate) use debian_image::{POSTGRES, REGISTRY};
pub use error::{SetupError, StepError};
pub use event::{Mode, SetupEvent, SetupReport, State, StepReport};
pub use need::Need;
pub(crate) use node_image::tag as node_image_tag;
pub(crate) use program_image::{PROBER, PROGRAM_IMAGES};
pub(crate) use programs::{HELM, HELM_4, KIND, KUBERNETES, SKAFFOLD};
pub(crate) use steps::on_path;

use crate::host::{HostFacts, remember_registry};
use std::time::Instant;

/// What the steps share: the host, and somebody who listens.
pub(crate) struct Ctx<'a> {
    host: HostFacts,
    need: Need,
    listener: &'a mut (dyn FnMut(SetupEvent) + Send),
}

impl Ctx<'_> {
    /// Says what is being done right now.
    fn say(&mut self, line: impl Into<String>) {
        (self.listener)(SetupEvent::Progress { need: self.need, line: line.into() });
    }

    /// Says that a part of the work is done, and how long it took.
    fn say_done(&mut self, what: &str, started: Instant) {
        self.say(format!("{what}: done in {:.1} s", started.elapsed().as_secs_f64()));
    }
}

/// Makes the host ready for what is wanted, or, with [`Mode::Check`], only tells.
pub async fn setup(
    want: &[Need],
    mode: Mode,
    progress: &mut (dyn FnMut(SetupEvent) + Send),
) -> Result<SetupReport, SetupError> {
    let started = Instant::now();
    let mut ctx = Ctx { host: HostFacts::look().await, need: Need::Engine, listener: progress };
    if mode == Mode::Do {
        remember_registry(ctx.host.registry);
    }
    let mut report = SetupReport { host: ctx.host.kind().name().to_owned(), ..SetupReport::default() };
    for need in need::with_prerequisites(want) {
        ctx.need = need;
        report.steps.push(one(&mut ctx, mode).await?);
    }
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

async fn one(ctx: &mut Ctx<'_>, mode: Mode) -> Result<StepReport, SetupError> {
    let (need, started) = (ctx.need, Instant::now());
    let found = steps::find(ctx).await.map_err(|source| SetupError { need, source })?;
    let (state, detail) = match (found, mode) {
        (Some(detail), _) => (State::Present, detail),
        (None, Mode::Check) => (State::Missing, need.remedy().to_owned()),
        (None, Mode::Do) => (State::Made, make(ctx).await?),
    };
    let step = StepReport { need, state, detail, seconds: started.elapsed().as_secs_f64() };
    (ctx.listener)(SetupEvent::Done(step.clone()));
    Ok(step)
}

async fn make(ctx: &mut Ctx<'_>) -> Result<String, SetupError> {
    let need = ctx.need;
    (ctx.listener)(SetupEvent::Started { need, what: need.effort().to_owned() });
    steps::make(ctx).await.map_err(|source| SetupError { need, source })
}
