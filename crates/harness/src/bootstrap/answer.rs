//! Up means: it answers on this host.

use seatrial_observation::{HttpSpec, Look, ProbeAnswer, ProbeOutcome, ProbeSpec, Reason};
use seatrial_probes::wait::{self, Patience, WaitError};
use std::time::Duration;

/// How long the first 200 may take from when everything says that it is ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long one look may take.
const LOOK: Duration = Duration::from_secs(1);

/// Waits for the first 200 of a URL.
pub async fn until_answering(url: &str) -> Result<(), WaitError> {
    let spec = ProbeSpec::Http(HttpSpec::get(url));
    let patience = Patience::steady(PATIENCE, Duration::from_millis(25));
    wait::until(&patience, async || {
        Ok::<_, std::convert::Infallible>(look(url, seatrial_probes::probe(&spec, LOOK).await))
    })
    .await
}

fn look(url: &str, outcome: ProbeOutcome) -> Look<()> {
    match outcome.result {
        Ok(ProbeAnswer::Http(answer)) if answer.status == 200 => Look::Ready(()),
        Ok(ProbeAnswer::Http(answer)) => Look::Pending(Reason::of(url, format!("gave {}", answer.status))),
        Ok(_) => Look::Pending(Reason::of(url, "is no HTTP")),
        Err(failure) => Look::Pending(Reason::of(url, failure.message)),
    }
}
