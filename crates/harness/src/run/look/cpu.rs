//! CPU in use, from counts that only grow: the mean between two readings some seconds apart. What is shorter is a burst,
//! which no promise about usage means.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How far apart readings are, at the least.
pub(super) const WINDOW: Duration = Duration::from_secs(5);

/// Container → nanoseconds of CPU that it has used.
pub(super) type Counts = BTreeMap<String, u64>;

/// The readings of a clause, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Readings(Vec<(Instant, Counts)>);

impl Readings {
    /// How long it takes until a reading of now would be far enough from an older one; nothing has been read for longer
    /// than two windows, where a clause did something else meanwhile.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        let oldest = self.0.first().map(|(at, _)| now.duration_since(*at))?;
        WINDOW.checked_sub(oldest).filter(|left| !left.is_zero())
    }

    /// Whether there is anything to compare with.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The mean of each since the youngest reading that is old enough, in billionths of a core; then it is kept.
    pub(super) fn rates(&mut self, now: Instant, counts: &Counts) -> Counts {
        let is_old = |(at, _): &&(Instant, Counts)| now.duration_since(*at) >= WINDOW;
        let rates = self.0.iter().rev().find(is_old).map(|(at, then)| rates(now.duration_since(*at), then, counts));
        let keep_from = self.0.iter().rposition(|one| is_old(&one)).unwrap_or(0);
        self.0.drain(..keep_from);
        self.0.push((now, counts.clone()));
        rates.unwrap_or_default()
    }
}

/// A container that is new since then began at nothing, and one that began again has a smaller count.
fn rates(span: Duration, then: &Counts, now: &Counts) -> Counts {
    let nanos = span.as_nanos().max(1);
    let rate = |id: &String, count: u64| {
        let before = then.get(id).copied().filter(|before| *before <= count).unwrap_or(0);
        u64::try_from(u128::from(count - before) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
    };
    now.iter().map(|(id, count)| (id.clone(), rate(id, *count))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(all: &[(&str, u64)]) -> Counts {
        all.iter().map(|(id, count)| ((*id).to_owned(), *count)).collect()
    }

    #[test]
    fn the_mean_is_of_the_last_window() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut readings = Readings::default();
        assert_eq!(readings.wait(start), None);
        assert!(readings.rates(start, &counts(&[("a", 0)])).is_empty());
        assert_eq!(readings.wait(at(2)), Some(Duration::from_secs(3)));
        // Half a core for ten seconds, then nothing.
        assert_eq!(readings.rates(at(10), &counts(&[("a", 5_000_000_000)])), counts(&[("a", 500_000_000)]));
        assert_eq!(readings.rates(at(15), &counts(&[("a", 5_000_000_000)])), counts(&[("a", 0)]));
        assert_eq!(readings.wait(at(15)), None);
    }

    #[test]
    fn what_began_meanwhile_began_at_nothing() {
        let then = counts(&[("a", 9_000_000_000)]);
        let now = counts(&[("a", 1_000_000_000), ("b", 2_000_000_000)]);
        let expected = counts(&[("a", 100_000_000), ("b", 200_000_000)]);
        assert_eq!(rates(Duration::from_secs(10), &then, &now), expected);
    }
}
