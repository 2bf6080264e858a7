//! Asks until the first 200, to say when it came.

use crate::exchange::{Request, exchange};
use crate::failure;
use crate::probe::Deadline;
use crate::wait;
use seatrial_observation::{FirstAnswer, FirstAnswerSpec, ProbeFailure};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// How long one request may take: who listens and does not answer is asked again.
const ONE: Duration = Duration::from_secs(1);

/// Enough of a body to know that it has come.
const BODY_LIMIT: usize = 1 << 16;

/// Asks until a 200 comes, each time on a connection of its own.
pub(crate) async fn until(spec: &FirstAnswerSpec, deadline: Deadline) -> Result<FirstAnswer, ProbeFailure> {
    Request::parse("GET", &spec.url, BODY_LIMIT)?;
    let mut refused = 0;
    while Instant::now() < deadline.at {
        if let Some(at_ns) = ask(spec).await {
            return Ok(FirstAnswer { at_ns, refused });
        }
        refused += 1;
        wait::pause(Duration::from_millis(spec.every_ms)).await;
    }
    Err(failure::timed_out(deadline))
}

/// When the answer was complete, if it was a 200.
async fn ask(spec: &FirstAnswerSpec) -> Option<u64> {
    let request = Request::parse("GET", &spec.url, BODY_LIMIT).ok()?;
    let answer = exchange(request, Deadline::after(Instant::now(), ONE)).await.ok()?;
    (answer.status == 200).then(now_ns)
}

fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe;
    use crate::test_server;
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::get;
    use seatrial_observation::{FailureKind, ProbeAnswer, ProbeSpec};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    async fn first(url: String, timeout_ms: u64) -> Result<FirstAnswer, ProbeFailure> {
        let spec = ProbeSpec::FirstAnswer(FirstAnswerSpec { url, every_ms: 5 });
        match probe(&spec, Duration::from_millis(timeout_ms)).await.result {
            Ok(ProbeAnswer::FirstAnswer(answer)) => Ok(answer),
            Ok(other) => panic!("another answer: {other:?}"),
            Err(failure) => Err(failure),
        }
    }

    /// A server that has its 200 only from the `n`th request on.
    async fn ready_from(n: u64) -> String {
        let asked = Arc::new(AtomicU64::new(0));
        let answer = move || async move {
            if asked.fetch_add(1, Ordering::SeqCst) < n { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
        };
        test_server::serve(Router::new().route("/", get(answer))).await
    }

    #[tokio::test]
    async fn the_first_200_counts() {
        let before = now_ns();
        let answer = first(ready_from(3).await, 5000).await.expect("an answer");
        assert_eq!(answer.refused, 3);
        assert!((before..=now_ns()).contains(&answer.at_ns), "{answer:?}");
        assert_eq!(first(ready_from(0).await, 5000).await.expect("an answer").refused, 0);
    }

    #[tokio::test]
    async fn a_closed_port_is_asked_until_time_is_over() {
        let url = format!("http://127.0.0.1:{}/", test_server::closed_port());
        let failure = first(url, 60).await.expect_err("nobody listens");
        assert_eq!(failure.kind, FailureKind::TimedOut);
    }
}
