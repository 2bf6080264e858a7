//! The noise gate: whether *others* made the machine so busy that a latency says nothing about the release. It takes a
//! symptom (the measuring was late itself, tasks waited for a CPU, a reference that does nothing was slow) and a cause
//! outside of the release (the hypervisor took CPUs away, or work outside of the release's cgroups used them, our own
//! included). Lag and tails that the release causes itself are no noise: they are what is measured.

use crate::model::{Latency, Than};
use seatrial_observation::{LatencyRun, Machine, Series};
use std::time::Duration;

/// The share of the machine that work outside of the release uses before it can be what slows the release down. Seen on
/// two CPUs over 100 pairs, 2.3 s: 0.05 to 0.18 with nothing else on the machine, the node at rest and the measuring
/// itself; 0.94 with compilers beside it, which made the median of `/v2/` 3.8 ms instead of 2.5.
const OUTSIDE: f64 = 0.4;

/// The share of the machine's time that the hypervisor takes before it is felt: an estimate, for where this was tried it
/// took none.
const STEAL: f64 = 0.05;

/// The share of the time in which some task waits for a CPU. Seen as above: 0.10 to 0.16 in quiet, 0.31 to 0.34 beside
/// compilers, 0.75 and more where a container of ours burnt a CPU, too.
const STALLED: f64 = 0.25;

/// Why a measurement says nothing, if it does not.
pub(super) fn noise(latency: &Latency, run: &LatencyRun) -> Option<String> {
    let limit = latency.limits.iter().map(|one| one.limit).min()?;
    let symptoms = symptoms(latency, run, limit);
    if symptoms.is_empty() {
        return None;
    }
    let cause = match &run.machine {
        None => "whose doing it was can't be told: the node's cgroups can't be read here".to_owned(),
        Some(machine) => cause(machine)?,
    };
    Some(format!("can't be judged on a machine that others keep busy: {cause}; {}", symptoms.join("; ")))
}

fn symptoms(latency: &Latency, run: &LatencyRun, limit: Duration) -> Vec<String> {
    let mut all = Vec::new();
    let lag = p99(&[&run.target, &run.reference].map(|series| &series.lag_us[..]).concat());
    if lag > limit / 10 {
        all.push(format!("the measuring itself was {:.1} ms late (p99)", lag.as_secs_f64() * 1e3));
    }
    if let Some(share) = run.machine.as_ref().and_then(stalled).filter(|share| *share > STALLED) {
        all.push(format!("tasks waited for a CPU in {:.0} % of the time", share * 100.0));
    }
    // A plain container of the same image does something, and may be slow by itself.
    let tail = p95(&run.reference);
    if latency.than != Some(Than::Docker) && tail > limit / 2 {
        all.push(format!("an echo that does nothing took {:.1} ms (p95)", tail.as_secs_f64() * 1e3));
    }
    all
}

fn cause(machine: &Machine) -> Option<String> {
    let capacity = f64::from(machine.cpus) * machine.seconds;
    if capacity <= 0.0 {
        return None;
    }
    let (steal, outside) = (machine.steal / capacity, (machine.busy - machine.release).max(0.0) / capacity);
    let of = format!("of {} CPUs", machine.cpus);
    if steal > STEAL {
        return Some(format!("the hypervisor took {:.0} % {of} away", steal * 100.0));
    }
    (outside + steal > OUTSIDE).then(|| format!("work outside of the release used {:.0} % {of}", outside * 100.0))
}

fn stalled(machine: &Machine) -> Option<f64> {
    machine.stalled.filter(|_| machine.seconds > 0.0).map(|stalled| stalled / machine.seconds)
}

fn p99(samples: &[u64]) -> Duration {
    rank(samples, 99)
}

fn p95(series: &Series) -> Duration {
    rank(&series.took_us, 95)
}

fn rank(samples: &[u64], percentile: usize) -> Duration {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percentile).div_ceil(100).max(1);
    Duration::from_micros(sorted.get(rank - 1).copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LatencyLimit;
    use seatrial_observation::Connections;

    fn latency(than: Option<Than>) -> Latency {
        let limits = vec![LatencyLimit { percentile: 95, limit: Duration::from_millis(50) }];
        Latency { limits, than, rate: 50, samples: 73, warm_up: 10, connections: Connections::New }
    }

    /// 100 samples that all took and lagged so many milliseconds, and their references.
    fn run(lag: u64, reference: u64, machine: Option<Machine>) -> LatencyRun {
        let series = |took: u64| {
            let mut series = Series::default();
            (0..100).for_each(|_| series.push(took * 1000, lag * 1000, false));
            series
        };
        LatencyRun { target: series(80), reference: series(reference), seconds: 2.0, machine, ..LatencyRun::default() }
    }

    /// Shares of two CPUs over two seconds.
    #[expect(clippy::unnecessary_wraps, reason = "a run may have no reading, and so its field is an option")]
    fn machine(busy: f64, release: f64, steal: f64, stalled: f64) -> Option<Machine> {
        let of = |share: f64| share * 4.0;
        let stalled = Some(stalled * 2.0);
        Some(Machine { cpus: 2, seconds: 2.0, busy: of(busy), release: of(release), steal: of(steal), stalled })
    }

    fn check(run: &LatencyRun, expected: Option<&str>) {
        let said = noise(&latency(None), run);
        let is_right = match (&said, expected) {
            (Some(said), Some(expected)) => said.contains(expected),
            (said, expected) => said.is_none() && expected.is_none(),
        };
        assert!(is_right, "{said:?} instead of {expected:?}");
    }

    #[test]
    fn a_quiet_machine_is_no_excuse() {
        check(&run(1, 2, machine(0.25, 0.05, 0.0, 0.05)), None);
    }

    #[test]
    fn work_of_others_with_a_symptom_is_noise() {
        let words = "work outside of the release used 95 % of 2 CPUs; the measuring itself was 9.0 ms late (p99)";
        check(&run(9, 2, machine(0.99, 0.04, 0.0, 0.05)), Some(words));
        check(&run(1, 2, machine(0.99, 0.04, 0.0, 0.6)), Some("tasks waited for a CPU in 60 % of the time"));
        check(&run(1, 30, machine(0.99, 0.04, 0.0, 0.05)), Some("an echo that does nothing took 30.0 ms (p95)"));
        check(&run(9, 2, machine(0.25, 0.05, 0.3, 0.05)), Some("the hypervisor took 30 % of 2 CPUs away"));
    }

    #[test]
    fn work_of_others_that_nobody_feels_is_none() {
        check(&run(1, 2, machine(0.7, 0.05, 0.0, 0.05)), None);
    }

    #[test]
    fn a_workload_that_burns_all_cpus_is_no_noise_whatever_it_does_to_us() {
        check(&run(40, 60, machine(1.0, 0.8, 0.0, 1.0)), None);
    }

    #[test]
    fn a_workload_that_stalls_is_no_noise() {
        check(&run(1, 2, machine(0.2, 0.01, 0.0, 0.02)), None);
    }

    #[test]
    fn what_can_not_be_told_is_said() {
        check(&run(9, 2, None), Some("can't be told"));
        check(&run(1, 2, None), None);
    }

    #[test]
    fn a_slow_plain_container_is_no_symptom() {
        let slow = run(1, 60, machine(0.99, 0.04, 0.0, 0.05));
        assert_eq!(noise(&latency(Some(Than::Docker)), &slow), None);
    }
}
