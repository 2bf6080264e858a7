//! `ws`: a talk, step by step over a line that stays open where the probe runs. What a step waits for is decided by the
//! judge's own words, so that it waits neither longer nor shorter than the verdict needs.

use super::{Looker, PROBE};
use crate::run::address::{From, error};
use indexmap::IndexMap;
use seatrial_contracts::judge;
use seatrial_contracts::model::{TalkAct, TalkStep, Target, Tls, WsCheck, WsLine};
use seatrial_observation::{
    LookError, ProbeAnswer, ProbeOutcome, ProbeSpec, Seen, WsAct, WsSpec, WsState, WsStep, WsTalk,
};
use std::time::{Duration, Instant};

/// How long one request for frames waits; a longer wait is several of them.
const SLICE: Duration = Duration::from_secs(2);

/// A line that a clause keeps open.
#[derive(Clone, Debug)]
pub(in crate::run) struct Line {
    name: String,
    from: From,
    /// The first frame that nobody has looked at.
    next: usize,
}

impl Looker<'_> {
    pub(super) async fn ws(&mut self, check: &WsCheck) -> Result<Seen, LookError> {
        let started = Instant::now();
        let took = |started: Instant| started.elapsed().as_secs_f64() * 1000.0;
        let opened = match &check.line {
            WsLine::Kept(name) => Ok(self.kept(name)?),
            WsLine::New { to, headers, tls } => self.opened(to, headers, tls.as_deref()).await?,
        };
        let mut line = match opened {
            Ok(line) => line,
            Err(outcome) => return Ok(Seen::Probes(vec![outcome])),
        };
        let talk = Talk { looker: self, line: &mut line }.all(&check.talk).await?;
        let result = Ok(ProbeAnswer::WsTalk(talk));
        match (&check.keep, &check.line) {
            (Some(name), _) => _ = self.lines.insert(name.clone(), line),
            (None, WsLine::Kept(_)) => {}
            (None, WsLine::New { .. }) => self.forget(&line).await,
        }
        Ok(Seen::Probes(vec![ProbeOutcome { took_ms: took(started), result }]))
    }

    /// A kept line is looked at from where `before` left it, however often.
    fn kept(&self, name: &str) -> Result<Line, LookError> {
        let known = || error(format!("`before` kept no line `{name}`"));
        self.lines.get(name).cloned().ok_or_else(known)
    }

    /// A new line, or how the upgrade failed.
    async fn opened(
        &self,
        to: &Target,
        headers: &IndexMap<String, String>,
        tls: Option<&Tls>,
    ) -> Result<Result<Line, ProbeOutcome>, LookError> {
        let address = self.addresses.of(to).await?;
        let (url, way) = self.way(&address, None, None, tls).await?;
        let mut filled = IndexMap::new();
        for (name, value) in headers {
            filled.insert(name.clone(), self.filled(value).await?);
        }
        let line = Line { name: format!("line-{}", crate::run_id::RunId::random()), from: address.from, next: 0 };
        let outcome = self.act(&line, WsAct::Open { url, headers: filled, way }, PROBE).await?;
        Ok(if outcome.result.is_ok() { Ok(line) } else { Err(outcome) })
    }

    async fn act(&self, line: &Line, act: WsAct, timeout: Duration) -> Result<ProbeOutcome, LookError> {
        let spec = ProbeSpec::Ws(WsSpec { line: line.name.clone(), act });
        self.probe(line.from, &spec, timeout).await
    }

    /// The line after an act; that it could not be done is the apparatus.
    async fn state(&self, line: &Line, act: WsAct, timeout: Duration) -> Result<WsState, LookError> {
        match self.act(line, act, timeout).await?.result {
            Ok(ProbeAnswer::Ws(state)) => Ok(state),
            Ok(_) => Err(error("the answer is no WebSocket's".to_owned())),
            Err(failure) => Err(error(format!("the line: {}", failure.message))),
        }
    }

    async fn forget(&self, line: &Line) {
        let _ = self.act(line, WsAct::Forget, PROBE).await;
    }

    /// Closes what the clause kept open.
    pub(super) async fn forget_lines(&mut self) {
        for line in std::mem::take(&mut self.lines).into_values() {
            self.forget(&line).await;
        }
    }
}

/// A talk under way.
struct Talk<'t, 'a> {
    looker: &'t Looker<'a>,
    line: &'t mut Line,
}

impl Talk<'_, '_> {
    /// The steps, up to the first that did not come to what it waits for.
    async fn all(&mut self, steps: &[TalkStep]) -> Result<WsTalk, LookError> {
        let mut seen = Vec::new();
        for step in steps {
            let one = self.step(step).await?;
            let is_met = match &step.act {
                TalkAct::Expect(_) | TalkAct::Ping => one.frames.iter().any(|frame| judge::answers(step, frame)),
                TalkAct::Send(_) | TalkAct::Idle(_) => one.closed.is_none(),
                TalkAct::Close(_) | TalkAct::Closed(_) => one.closed.is_some(),
                TalkAct::Pings(_) => true,
            };
            seen.push(one);
            if !is_met {
                break;
            }
        }
        Ok(WsTalk { steps: seen })
    }

    async fn step(&mut self, step: &TalkStep) -> Result<WsStep, LookError> {
        let text = match &step.act {
            TalkAct::Send(text) => Some(self.looker.filled(text).await?),
            _ => None,
        };
        let act = match &step.act {
            TalkAct::Send(_) => WsAct::Send { text: text.unwrap_or_default() },
            TalkAct::Ping => WsAct::Ping,
            TalkAct::Close(code) => WsAct::Close { code: *code },
            TalkAct::Expect(_) | TalkAct::Idle(_) | TalkAct::Closed(_) | TalkAct::Pings(_) => {
                WsAct::Read { from: self.line.next, wait_ms: 0 }
            }
        };
        let begun = self.looker.state(self.line, act, PROBE).await?;
        if matches!(step.act, TalkAct::Send(_) | TalkAct::Pings(_)) {
            let (from_ms, to_ms) = (begun.now_ms, begun.now_ms);
            return Ok(WsStep { from_ms, to_ms, frames: Vec::new(), closed: begun.closed, pings: begun.pings });
        }
        self.waited(step, begun.now_ms).await
    }

    /// Looks at frames until the step has what it waits for, the line ends, or its time is over.
    async fn waited(&mut self, step: &TalkStep, from_ms: f64) -> Result<WsStep, LookError> {
        let limit_ms = judge::patience(step).as_secs_f64() * 1000.0;
        let is_about_frames = matches!(step.act, TalkAct::Expect(_) | TalkAct::Ping);
        let (mut frames, mut next, mut now_ms) = (Vec::new(), self.line.next, from_ms);
        loop {
            let left = Duration::from_secs_f64(((from_ms + limit_ms - now_ms) / 1000.0).max(0.0)).min(SLICE);
            // Rounded up: a wait that is cut to whole milliseconds would ask for its last one again and again.
            let wait_ms = u64::try_from(left.as_micros().div_ceil(1000)).unwrap_or(0);
            let state = self.looker.state(self.line, WsAct::Read { from: next, wait_ms }, left + PROBE).await?;
            now_ms = state.now_ms;
            for frame in state.frames {
                next += 1;
                let is_it = judge::answers(step, &frame);
                frames.push(frame);
                if is_it {
                    self.line.next = next;
                    return Ok(WsStep { from_ms, to_ms: now_ms, frames, closed: None, pings: state.pings });
                }
            }
            if state.closed.is_some() || now_ms - from_ms >= limit_ms {
                // What came while nothing was waited for is still there for the next step.
                if is_about_frames {
                    self.line.next = next;
                }
                return Ok(WsStep { from_ms, to_ms: now_ms, frames, closed: state.closed, pings: state.pings });
            }
        }
    }
}
