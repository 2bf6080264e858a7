//! Asks a prober to probe from where it is.

use crate::exchange::{Request, exchange};
use crate::probe::Deadline;
use crate::server::ProbeRequest;
use seatrial_observation::{LatencyRun, LatencySpec, ProbeFailure, ProbeOutcome, ProbeSpec};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::Instant;

/// How much longer than the probe itself the prober may take to answer.
const GRACE: Duration = Duration::from_secs(5);
/// The most bytes of an answer: a body of 1 MiB, escaped as JSON escapes at worst.
const LIMIT: usize = 8 << 20;

/// The apparatus failed: the prober could not be asked. It says nothing about what should have been probed.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The prober did not answer.
    #[error("the prober at {base} does not answer: {}", .failure.message)]
    NoAnswer {
        /// Where it was asked.
        base: String,
        /// How asking failed.
        failure: ProbeFailure,
    },
    /// The prober did not understand.
    #[error("the prober at {base} answered with status {status}: {says}")]
    Refused {
        /// Where it was asked.
        base: String,
        /// Its status code.
        status: u16,
        /// Its words.
        says: String,
    },
    /// What answered is no prober.
    #[error("what answered at {base} is no prober")]
    Garbled {
        /// Where it was asked.
        base: String,
        /// What is wrong with the answer.
        source: serde_json::Error,
    },
    /// The spec can't be written as JSON.
    #[error("the probe can't be written as JSON")]
    Unwritable(#[source] serde_json::Error),
}

/// Has the prober at `base` (`http://127.0.0.1:port` of a forward) do the probe.
pub async fn ask(base: &str, spec: &ProbeSpec, timeout: Duration) -> Result<ProbeOutcome, AskError> {
    let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    post(base, "/probe", &ProbeRequest { spec: spec.clone(), timeout_ms }, timeout).await
}

/// Has the prober at `base` measure a latency.
pub async fn ask_latency(base: &str, spec: &LatencySpec) -> Result<LatencyRun, AskError> {
    let one = Duration::from_millis(spec.timeout_ms);
    let warm_up = Duration::from_secs_f64(f64::from(spec.warm_up) / f64::from(spec.rate.max(1)));
    let longest = Duration::from_millis(spec.goal.longest_ms) + warm_up + one * 2;
    post(base, "/latency", spec, longest).await
}

async fn post<T: DeserializeOwned>(
    base: &str,
    path: &str,
    asked: &impl Serialize,
    timeout: Duration,
) -> Result<T, AskError> {
    let body = serde_json::to_vec(asked).map_err(AskError::Unwritable)?;
    let no_answer = |failure| AskError::NoAnswer { base: base.to_owned(), failure };
    let request = Request::parse("POST", &format!("{}{path}", base.trim_end_matches('/')), LIMIT)
        .and_then(|request| request.header("content-type", "application/json"))
        .map_err(no_answer)?;
    let deadline = Deadline::after(Instant::now(), timeout + GRACE);
    let response = exchange(request.body(body), deadline).await.map_err(no_answer)?;
    if response.status != 200 {
        let says = String::from_utf8_lossy(&response.body).chars().take(500).collect();
        return Err(AskError::Refused { base: base.to_owned(), status: response.status, says });
    }
    serde_json::from_slice(&response.body).map_err(|source| AskError::Garbled { base: base.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server::{self, Behaviour};
    use crate::{probe, server};
    use axum::Router;
    use axum::routing::{get, post};
    use seatrial_observation::{DnsSpec, FailureKind, HttpSpec, ProbeAnswer, RegistryAction, RegistrySpec, TcpSpec};

    const TIMEOUT: Duration = Duration::from_millis(800);

    async fn prober() -> String {
        test_server::serve(server::router()).await
    }

    /// The prober gives the answer that the probe gives in this process.
    async fn check(spec: ProbeSpec) -> Result<ProbeAnswer, ProbeFailure> {
        let here = probe(&spec, TIMEOUT).await.result;
        let there = ask(&prober().await, &spec, TIMEOUT).await.expect("the prober answers").result;
        assert_eq!(here, there);
        there
    }

    fn http(url: String) -> ProbeSpec {
        ProbeSpec::Http(HttpSpec::get(url))
    }

    #[tokio::test]
    async fn an_answer_is_the_same_from_both() {
        let stable = Router::new().route("/", get(|| async { ([("date", "today")], "hello \u{1} <world>") }));
        let url = test_server::serve(stable).await;
        let Ok(ProbeAnswer::Http(answer)) = check(http(url)).await else { panic!("an HTTP answer") };
        assert_eq!(answer.body, "hello \u{1} <world>");
    }

    #[tokio::test]
    async fn a_failure_is_the_same_from_both() {
        let port = test_server::closed_port();
        let tcp = ProbeSpec::Tcp(TcpSpec { host: "127.0.0.1".into(), port });
        assert_eq!(check(tcp).await.expect_err("refused").kind, FailureKind::Refused);
        let silent = test_server::broken(Behaviour::Silent).await;
        assert_eq!(check(http(format!("http://{silent}/"))).await.expect_err("late").kind, FailureKind::TimedOut);
    }

    #[tokio::test]
    async fn names_and_registries_are_the_same_from_both() {
        let dns = DnsSpec { names: vec!["localhost".into(), "nobody.invalid".into()], port: None };
        check(ProbeSpec::Dns(dns)).await.expect("an answer");
        let empty = test_server::serve(Router::new()).await;
        let registry = RegistrySpec { base: empty, action: RegistryAction::RoundTrip };
        check(ProbeSpec::Registry(registry)).await.expect("a broken step is an answer");
    }

    #[tokio::test]
    async fn a_prober_says_that_it_lives_and_echoes() {
        let base = prober().await;
        for (path, body) in [("/healthz", "ok"), ("/echo", "echo")] {
            let Ok(ProbeAnswer::Http(answer)) = probe(&http(format!("{base}{path}")), TIMEOUT).await.result else {
                panic!("an answer")
            };
            assert_eq!((answer.status, answer.body.as_str()), (200, body));
        }
    }

    #[tokio::test]
    async fn a_prober_that_is_not_there_is_the_apparatus() {
        let base = format!("http://127.0.0.1:{}", test_server::closed_port());
        let error = ask(&base, &http("http://nobody.invalid/".into()), TIMEOUT).await.expect_err("nobody there");
        assert!(error.to_string().starts_with(&format!("the prober at {base} does not answer: ")), "{error}");
    }

    #[tokio::test]
    async fn what_answers_but_is_no_prober_is_the_apparatus() {
        let spec = http("http://nobody.invalid/".into());
        let nothing = test_server::serve(Router::new()).await;
        assert!(matches!(ask(&nothing, &spec, TIMEOUT).await, Err(AskError::Refused { status: 404, .. })));
        let other = test_server::serve(Router::new().route("/probe", post(|| async { "hello" }))).await;
        assert!(matches!(ask(&other, &spec, TIMEOUT).await, Err(AskError::Garbled { .. })));
    }
}
