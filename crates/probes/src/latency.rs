//! Measures latency by an open schedule: request i is due at i/rate, and its latency counts from then, so that a stall
//! is not hidden by a generator that waits for it. The reference takes its turn half an interval later.

use crate::probe::probe_over;
use crate::wait;
use seatrial_observation::{
    Decision, LatencyRun, LatencySpec, LatencyTest, ProbeAnswer, ProbeOutcome, ProbeSpec, Series,
};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// Measures until the goal's tests have enough, or its time is over.
pub async fn measure(spec: &LatencySpec) -> LatencyRun {
    let mut run = LatencyRun::default();
    let warm_up = Round { spec, most: spec.warm_up, end: None };
    run.warm_up = warm_up.go(|_| Decision::More).await.target;
    let mut test = LatencyTest::new(&spec.goal);
    let start = Instant::now();
    let end = start + Duration::from_millis(spec.goal.longest_ms);
    let round = Round { spec, most: spec.goal.most, end: Some(end) };
    let all = round.go(|took_us| test.step(took_us)).await;
    run.seconds = start.elapsed().as_secs_f64();
    for one in all.failures {
        *run.failures.entry(one).or_default() += 1;
    }
    (run.target, run.reference) = (all.target, all.reference);
    run
}

/// One round of requests by the schedule.
struct Round<'a> {
    spec: &'a LatencySpec,
    most: u32,
    /// When nothing more is sent, and nothing waited for.
    end: Option<Instant>,
}

/// A pair of requests that is complete.
#[derive(Default)]
struct Pair {
    target: Option<One>,
    reference: Option<One>,
}

/// One request.
struct One {
    took_us: u64,
    lag_us: u64,
    problem: Option<String>,
}

/// What came of a round, in the order in which requests were due.
#[derive(Default)]
struct All {
    target: Series,
    reference: Series,
    failures: Vec<String>,
}

impl Round<'_> {
    /// Sends requests when they are due, and gives each to `step` in that order, whichever is answered first: else the
    /// fast ones would be judged before the slow ones are there.
    async fn go(&self, mut step: impl FnMut(Option<u64>) -> Decision) -> All {
        let start = Instant::now();
        let (mut flights, mut pairs, mut all) = (JoinSet::new(), BTreeMap::<usize, Pair>::new(), All::default());
        let (lanes, mut sent) = (if self.spec.reference.is_some() { 2 } else { 1 }, 0);
        let most = self.most as usize * lanes;
        while all.target.len() < self.most as usize && !self.is_late() {
            let due = start + self.due(sent, lanes);
            tokio::select! {
                () = until(due), if sent < most => {
                    let spec = if sent % lanes == 0 { Some(&self.spec.target) } else { self.spec.reference.as_ref() };
                    flights.spawn(self.flight(spec.unwrap_or(&self.spec.target).clone(), sent % lanes == 0, sent / lanes, due));
                    sent += 1;
                }
                done = next(&mut flights, self.end) => {
                    let Some((index, is_target, one)) = done else { continue };
                    let pair = pairs.entry(index).or_default();
                    *(if is_target { &mut pair.target } else { &mut pair.reference }) = Some(one);
                    if take(&mut pairs, lanes, &mut all, &mut step) != Decision::More {
                        break;
                    }
                }
            }
        }
        all
    }

    fn is_late(&self) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
    }

    /// When a request is due, from the begin.
    fn due(&self, sent: usize, lanes: usize) -> Duration {
        let interval = 1.0 / f64::from(self.spec.rate.max(1));
        Duration::from_secs_f64(interval * sent as f64 / lanes as f64)
    }

    fn flight(
        &self,
        spec: ProbeSpec,
        is_target: bool,
        index: usize,
        due: Instant,
    ) -> impl Future<Output = (usize, bool, One)> + Send + 'static {
        let (timeout, connections) = (Duration::from_millis(self.spec.timeout_ms), self.spec.connections);
        let status = if is_target { self.spec.status } else { None };
        async move {
            let lag_us = micros(due.elapsed());
            let outcome = probe_over(&spec, timeout, connections).await;
            let one = One { took_us: micros(due.elapsed()), lag_us, problem: problem(&outcome, status) };
            (index, is_target, one)
        }
    }
}

/// Hands over all pairs that are complete and have none before them that is not.
fn take(
    pairs: &mut BTreeMap<usize, Pair>,
    lanes: usize,
    all: &mut All,
    step: &mut impl FnMut(Option<u64>) -> Decision,
) -> Decision {
    while let Some(entry) = pairs.first_entry().filter(|entry| *entry.key() == all.target.len()) {
        if entry.get().target.is_none() || (lanes == 2 && entry.get().reference.is_none()) {
            break;
        }
        let pair = entry.remove();
        if let Some(one) = pair.reference {
            all.reference.push(one.took_us, one.lag_us, one.problem.is_some());
        }
        let Some(one) = pair.target else { break };
        all.target.push(one.took_us, one.lag_us, one.problem.is_some());
        let took = one.problem.is_none().then_some(one.took_us);
        all.failures.extend(one.problem);
        let decision = step(took);
        if decision != Decision::More {
            return decision;
        }
    }
    Decision::More
}

async fn until(due: Instant) {
    wait::pause(due.saturating_duration_since(Instant::now())).await;
}

/// The next request that comes back; `None` at the end, or where one was lost.
async fn next(flights: &mut JoinSet<(usize, bool, One)>, end: Option<Instant>) -> Option<(usize, bool, One)> {
    let joined = async {
        match flights.join_next().await {
            Some(joined) => joined.ok(),
            None => std::future::pending().await,
        }
    };
    match end {
        Some(end) => timeout_at(end, joined).await.ok().flatten(),
        None => joined.await,
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Why an answer is none that counts.
fn problem(outcome: &ProbeOutcome, status: Option<u16>) -> Option<String> {
    match &outcome.result {
        Err(failure) => Some(failure.message.clone()),
        Ok(ProbeAnswer::Http(answer)) => {
            let wanted = status.filter(|wanted| *wanted != answer.status)?;
            Some(format!("status {} instead of {wanted}", answer.status))
        }
        Ok(ProbeAnswer::Dns { names }) => names.iter().find_map(|name| match &name.addresses {
            Err(error) => Some(format!("{}: {error}", name.name)),
            Ok(_) => name.connected.values().flatten().next().cloned(),
        }),
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server;
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::get;
    use seatrial_observation::{Connections, HttpSpec, LatencyGoal, LatencyLimitUs, TcpSpec};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Mutex;

    fn get_of(url: &str) -> ProbeSpec {
        ProbeSpec::Http(HttpSpec::get(url))
    }

    fn spec(url: &str, percentile: u8, limit_ms: u64) -> LatencySpec {
        let limits = vec![LatencyLimitUs { percentile, limit_us: limit_ms * 1000 }];
        LatencySpec {
            target: get_of(url),
            status: Some(200),
            reference: None,
            rate: 200,
            warm_up: 3,
            connections: Connections::New,
            timeout_ms: 2000,
            goal: LatencyGoal { limits, fewest: 0, most: 2000, longest_ms: 10_000 },
        }
    }

    /// The decision that a run's samples come to.
    fn decision(spec: &LatencySpec, run: &LatencyRun) -> Decision {
        let mut test = LatencyTest::new(&spec.goal);
        run.target.answers().fold(Decision::More, |_, took| test.step(took))
    }

    /// A server that stalls every 20th request for so long; where it is `whole`, all others wait for it.
    async fn stalling(stall: Duration, is_whole: bool) -> String {
        let (count, busy) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(())));
        let answer = move || {
            let (count, busy) = (count.clone(), busy.clone());
            async move {
                let _held = if is_whole { Some(busy.lock_owned().await) } else { None };
                if count.fetch_add(1, Ordering::SeqCst) % 20 == 19 {
                    wait::pause(stall).await;
                }
                "ok"
            }
        };
        test_server::serve(Router::new().route("/", get(answer))).await
    }

    #[tokio::test]
    async fn a_fast_server_passes_as_soon_as_it_is_shown() {
        let url = test_server::serve(Router::new().route("/", get(|| async { "ok" }))).await;
        let mut spec = spec(&url, 95, 1000);
        spec.reference = Some(get_of(&url));
        let run = measure(&spec).await;
        assert_eq!((run.target.len(), run.reference.len(), run.warm_up.len()), (73, 73, 3));
        assert_eq!(decision(&spec, &run), Decision::Pass);
        assert!(run.failures.is_empty() && run.seconds > 0.36, "{run:?}");
    }

    #[tokio::test]
    async fn every_20th_that_stalls_is_seen() {
        let url = stalling(Duration::from_millis(1200), false).await;
        let spec = spec(&url, 99, 900);
        let run = measure(&spec).await;
        assert_eq!(decision(&spec, &run), Decision::Fail, "{:?}", run.target);
        let slow = run.target.answers().flatten().filter(|took| *took > 900_000).count();
        assert!(slow >= 5, "judged in the order in which they were due: {slow} of {}", run.target.len());
    }

    /// A closed loop would see one slow request in 20 and call it a p95; what is due during the stall waits, too.
    #[tokio::test]
    async fn a_stall_of_the_whole_server_is_not_hidden() {
        let url = stalling(Duration::from_millis(400), true).await;
        let spec = spec(&url, 95, 100);
        let run = measure(&spec).await;
        assert_eq!(decision(&spec, &run), Decision::Fail, "{:?}", run.target);
    }

    #[tokio::test]
    async fn failures_are_counted_by_their_words() {
        let closed = format!("http://127.0.0.1:{}/", test_server::closed_port());
        let run = measure(&spec(&closed, 95, 1000)).await;
        assert_eq!((run.target.len(), run.target.failed.len()), (5, 5));
        assert_eq!(run.failures.values().sum::<u32>(), 5, "{:?}", run.failures);
        let other = Router::new().route("/", get(|| async { StatusCode::SERVICE_UNAVAILABLE }));
        let run = measure(&spec(&test_server::serve(other).await, 95, 1000)).await;
        assert_eq!(run.failures.get("status 503 instead of 200"), Some(&5), "{:?}", run.failures);
    }

    #[tokio::test]
    async fn what_never_answers_ends_with_the_time() {
        let silent = test_server::broken(test_server::Behaviour::Silent).await;
        let mut spec = spec(&format!("http://{silent}/"), 95, 1000);
        (spec.timeout_ms, spec.goal.longest_ms, spec.warm_up) = (60_000, 300, 0);
        let run = measure(&spec).await;
        assert!(run.target.is_empty() && run.seconds < 5.0, "{run:?}");
    }

    #[tokio::test]
    async fn connections_are_new_or_kept_as_asked() {
        for (connections, most) in [(Connections::New, 100), (Connections::Kept, 40)] {
            let (url, count) = test_server::counting().await;
            let mut spec = spec(&url, 95, 1000);
            (spec.connections, spec.rate, spec.goal.fewest, spec.warm_up) = (connections, 100, 100, 0);
            measure(&spec).await;
            let opened = count.load(Ordering::SeqCst);
            assert!(opened <= 110 && (opened >= 100) == (most == 100), "{connections:?}: {opened} connections");
        }
    }

    #[tokio::test]
    async fn connects_have_a_latency_too() {
        let address = test_server::broken(test_server::Behaviour::Silent).await;
        let mut spec = spec("http://unused/", 95, 1000);
        spec.target = ProbeSpec::Tcp(TcpSpec { host: "127.0.0.1".into(), port: address.port() });
        let run = measure(&spec).await;
        assert_eq!((decision(&spec, &run), run.failures.len()), (Decision::Pass, 0));
    }
}
