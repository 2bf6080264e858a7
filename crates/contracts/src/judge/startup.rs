//! Whose time a start took: the platform's, until the containers were started, or the application's, from there on.

use crate::model::Measured;
use seatrial_observation::PodStart;

/// Both shares of the slowest install, as its last pod to get ready shows them. None where no pod got ready: jobs end,
/// and what failed has no shares.
pub(super) fn shares(installs: &[Vec<PodStart>]) -> Vec<Measured> {
    let last = installs.iter().filter_map(|pods| pods.iter().filter_map(Shares::of).max_by(Shares::by_end));
    let Some(slowest) = last.max_by(Shares::by_end) else { return Vec::new() };
    let share = |what: &str, ms: f64| Measured {
        what: what.to_owned(),
        value: ms / 1e3,
        limit: None,
        unit: "s".to_owned(),
        n: installs.len() as u64,
    };
    vec![share("platform's share", slowest.platform), share("application's share", slowest.application)]
}

/// The time of one pod, in milliseconds from the exec of Helm.
struct Shares {
    /// Until its containers were started, less what pulling images took.
    platform: f64,
    /// From there to ready.
    application: f64,
    ready: f64,
}

impl Shares {
    fn of(pod: &PodStart) -> Option<Self> {
        let (started_ms, ready_ms) = (pod.started_ms?, pod.ready_ms?);
        Some(Self {
            platform: (started_ms - pod.pulls_ms).max(0.0),
            application: (ready_ms - started_ms).max(0.0),
            ready: ready_ms,
        })
    }

    fn by_end(one: &Self, other: &Self) -> std::cmp::Ordering {
        one.ready.total_cmp(&other.ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(started_ms: Option<f64>, ready_ms: Option<f64>, pulls_ms: f64) -> PodStart {
        PodStart { started_ms, ready_ms, pulls_ms, ..PodStart::default() }
    }

    #[track_caller]
    fn check(installs: &[Vec<PodStart>], expected: Option<(f64, f64, u64)>) {
        let found = shares(installs);
        let found = found.first().zip(found.get(1)).map(|(p, a)| (p.value, a.value, a.n));
        assert_eq!(found, expected, "{installs:?}");
    }

    #[test]
    fn both_shares_are_those_of_the_last_pod() {
        let fast = pod(Some(1000.0), Some(1500.0), 0.0);
        let slow = pod(Some(1250.0), Some(4250.0), 0.0);
        check(&[vec![fast.clone()]], Some((1.0, 0.5, 1)));
        check(&[vec![slow.clone(), fast.clone()]], Some((1.25, 3.0, 1)));
        check(&[vec![fast.clone()], vec![slow], vec![fast]], Some((1.25, 3.0, 3)));
    }

    #[test]
    fn pulling_is_nobodys() {
        check(&[vec![pod(Some(3500.0), Some(4000.0), 3000.0)]], Some((0.5, 0.5, 1)));
        // Events round: a pull never makes a share negative.
        check(&[vec![pod(Some(3500.0), Some(4000.0), 3600.0)]], Some((0.0, 0.5, 1)));
    }

    #[test]
    fn what_did_not_get_ready_has_no_shares() {
        check(&[], None);
        check(&[vec![]], None);
        check(&[vec![pod(Some(1.0), None, 0.0), pod(None, Some(1.0), 0.0)]], None);
        // Seen ready before seen started: both came with one look.
        check(&[vec![pod(Some(2000.0), Some(2000.0), 0.0)]], Some((2.0, 0.0, 1)));
    }
}
