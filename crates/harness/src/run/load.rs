//! `load`: requests at a constant rate beside the checks of a clause, a second's worth at a time from the prober (or
//! from this host), each second begun when it is due, whatever became of those before.

use super::address::{Addresses, From, error};
use super::look::Looker;
use super::targets::Targets;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use seatrial_contracts::model::{Check, Clause, Expectation, HttpCheck, Load};
use seatrial_observation::{LatencyGoal, LatencyRun, LatencySpec, LoadSeen, LookError, ProbeSpec};
use seatrial_probes::wait;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(5);

/// What is sent at once.
const SECOND: Duration = Duration::from_secs(1);

/// Between two looks at whether it is to go on.
const PACE: Duration = Duration::from_millis(20);

/// Turned on by the event, and off when the clause is judged.
#[derive(Debug, Default)]
pub(super) struct Switch(AtomicU8);

const ON: u8 = 1;
const OVER: u8 = 2;

impl Switch {
    /// The event has come. What is over stays so.
    pub(super) fn turn_on(&self) {
        let _ = self.0.compare_exchange(0, ON, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The checks have ended.
    pub(super) fn turn_off(&self) {
        self.0.store(OVER, Ordering::SeqCst);
    }

    fn is(&self, state: u8) -> bool {
        self.0.load(Ordering::SeqCst) == state
    }
}

/// Sends from the moment the switch is turned on until it is turned off; nothing where that never comes.
pub(super) async fn run(targets: Targets<'_>, clause: &Clause, load: &Load, switch: &Switch) -> Option<LoadSeen> {
    while switch.is(0) {
        wait::pause(PACE).await;
    }
    if switch.is(OVER) {
        return None;
    }
    let addresses = Addresses::new(targets.site, targets.stage, &clause.from);
    let mut eye = Looker::new(targets, addresses, &clause.tolerates);
    let seen = match second(&eye, load).await {
        Ok((from, spec)) => sent(&eye, from, &spec, load, switch).await,
        Err(failed) => LoadSeen { error: Some(failed.message), ..LoadSeen::default() },
    };
    eye.close().await;
    Some(seen)
}

/// The requests of a second, and from where they come.
async fn second(eye: &Looker<'_>, load: &Load) -> Result<(From, LatencySpec), LookError> {
    let (from, target) = eye.single(&Check::Http(HttpCheck(vec![load.request.clone()]))).await?;
    if from == From::Eye {
        return Err(error("a load comes from the prober or from the host, not from another place".to_owned()));
    }
    Ok((from, spec(target, load)))
}

fn spec(target: ProbeSpec, load: &Load) -> LatencySpec {
    let status = match &load.request.status {
        Some(Expectation::Equal(status)) => status.as_u64().and_then(|status| u16::try_from(status).ok()),
        _ => None,
    };
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let longest_ms = millis(SECOND + REQUEST + SECOND);
    LatencySpec {
        target,
        status: status.or(Some(200)),
        reference: None,
        rate: load.rate,
        warm_up: 0,
        connections: load.connections,
        timeout_ms: millis(REQUEST),
        goal: LatencyGoal { limits: Vec::new(), fewest: load.rate, most: load.rate, longest_ms },
    }
}

async fn sent(eye: &Looker<'_>, from: From, spec: &LatencySpec, load: &Load, switch: &Switch) -> LoadSeen {
    let (start, mut begun, mut seen) = (Instant::now(), 0, LoadSeen::default());
    let mut flights = FuturesUnordered::new();
    loop {
        let is_over = switch.is(OVER) || start.elapsed() >= load.longest || seen.error.is_some();
        if !is_over && start.elapsed() >= SECOND * begun {
            flights.push(once(eye, from, spec));
            begun += 1;
        }
        if is_over && flights.is_empty() {
            seen.seconds = start.elapsed().as_secs_f64();
            return seen;
        }
        tokio::select! {
            Some(run) = flights.next() => add(&mut seen, run, load.rate),
            () = wait::pause(PACE) => {}
        }
    }
}

async fn once(eye: &Looker<'_>, from: From, spec: &LatencySpec) -> Result<LatencyRun, LookError> {
    if from == From::Here {
        return Ok(seatrial_probes::measure(spec).await);
    }
    let prober = eye.targets.site.prober(eye.targets.stage.namespace());
    prober.measure(spec).await.map_err(|failed| error(failed.to_string()))
}

/// What was due and has no answer has failed, too.
fn add(seen: &mut LoadSeen, run: Result<LatencyRun, LookError>, due: u32) {
    let run = match run {
        Ok(run) => run,
        Err(failed) => return seen.error = Some(failed.message),
    };
    seen.sent += u64::from(due);
    for (words, count) in run.failures {
        *seen.failures.entry(words).or_default() += u64::from(count);
    }
    let missing = u64::from(due).saturating_sub(run.target.len() as u64);
    if missing > 0 {
        *seen.failures.entry("no answer in time".to_owned()).or_default() += missing;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_observation::Series;

    #[test]
    fn what_was_due_is_counted_whether_it_came_back_or_not() {
        let mut target = Series::default();
        (0..8).for_each(|index| target.push(1, 0, index == 0));
        let failures = [("refused".to_owned(), 1)].into_iter().collect();
        let mut seen = LoadSeen::default();
        add(&mut seen, Ok(LatencyRun { target, failures, ..LatencyRun::default() }), 10);
        add(&mut seen, Ok(LatencyRun::default()), 10);
        assert_eq!((seen.sent, seen.failures["refused"], seen.failures["no answer in time"]), (20, 1, 12));
        add(&mut seen, Err(error("gone".to_owned())), 10);
        assert_eq!((seen.sent, seen.error.as_deref()), (20, Some("gone")));
    }

    #[test]
    fn what_is_over_does_not_begin_again() {
        let switch = Switch::default();
        assert!(switch.is(0));
        switch.turn_on();
        assert!(switch.is(ON));
        switch.turn_off();
        switch.turn_on();
        assert!(switch.is(OVER));
    }
}
