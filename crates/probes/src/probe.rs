//! One probe: spec in, outcome out, never longer than its time-out.

use crate::{dns, first_answer, http, postgres, registry, tcp, ws};
use seatrial_observation::{Connections, ProbeAnswer, ProbeFailure, ProbeOutcome, ProbeSpec};
use std::time::Duration;
use tokio::time::Instant;

/// Probes from here. Each probe opens connections of its own and closes them; none is kept for the next one, so
/// that every probe sees routing and name resolution as a new client does.
pub async fn probe(spec: &ProbeSpec, timeout: Duration) -> ProbeOutcome {
    probe_over(spec, timeout, Connections::New).await
}

/// The same, for HTTP over connections that may be kept for the next probe of this process.
pub(crate) async fn probe_over(spec: &ProbeSpec, timeout: Duration, connections: Connections) -> ProbeOutcome {
    let start = Instant::now();
    // Boxed: who probes is deep enough already.
    let result = Box::pin(answer(spec, Deadline::after(start, timeout), connections)).await;
    ProbeOutcome { took_ms: start.elapsed().as_secs_f64() * 1000.0, result }
}

async fn answer(spec: &ProbeSpec, deadline: Deadline, connections: Connections) -> Result<ProbeAnswer, ProbeFailure> {
    match spec {
        ProbeSpec::Http(spec) => http::request(spec, deadline, connections).await.map(ProbeAnswer::Http),
        ProbeSpec::Tcp(spec) => tcp::connect(spec, deadline).await,
        ProbeSpec::Dns(spec) => Ok(ProbeAnswer::Dns { names: dns::resolve(spec, deadline).await }),
        ProbeSpec::Registry(spec) => registry::talk(spec, deadline).await.map(ProbeAnswer::Registry),
        ProbeSpec::FirstAnswer(spec) => first_answer::until(spec, deadline).await.map(ProbeAnswer::FirstAnswer),
        ProbeSpec::Ws(spec) => ws::act(spec, deadline).await.map(ProbeAnswer::Ws),
        ProbeSpec::Postgres(spec) => postgres::ask(spec, deadline).await.map(ProbeAnswer::Postgres),
    }
}

/// No probe takes longer; it keeps a time-out that somebody sends from overflowing the clock.
const A_DAY: Duration = Duration::from_hours(24);

/// When a probe gives up, and how long that was from its begin, for the message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) timeout: Duration,
}

impl Deadline {
    pub(crate) fn after(start: Instant, timeout: Duration) -> Self {
        Self { at: start + timeout.min(A_DAY), timeout }
    }
}
