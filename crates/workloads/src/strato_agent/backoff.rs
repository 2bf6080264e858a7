//! How long to wait before the next attempt: longer each time, up to a limit, and a different span for each agent, so
//! that those that lost their control plane together do not come back together.

use crate::random;
use std::time::Duration;

/// What the first pause may be at most.
const FIRST: Duration = Duration::from_millis(100);

/// The pauses of one agent.
#[derive(Debug)]
pub(super) struct Backoff {
    most: Duration,
    failures: u32,
}

impl Backoff {
    /// No attempt has failed yet.
    pub(super) fn new(most: Duration) -> Self {
        Self { most, failures: 0 }
    }

    /// It went well.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The pause before the next attempt.
    pub(super) fn next(&mut self) -> Duration {
        random::up_to(self.next_most())
    }

    /// The longest that it may be.
    fn next_most(&mut self) -> Duration {
        let most = FIRST.saturating_mul(1 << self.failures.min(16)).min(self.most);
        self.failures = self.failures.saturating_add(1);
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_limit_and_begin_anew() {
        let mut backoff = Backoff::new(Duration::from_secs(2));
        let most: Vec<u128> = (0..7).map(|_| backoff.next_most().as_millis()).collect();
        assert_eq!(most, [100, 200, 400, 800, 1600, 2000, 2000]);
        backoff.failures = u32::MAX;
        assert_eq!(backoff.next_most(), Duration::from_secs(2));
        backoff.reset();
        assert_eq!(backoff.next_most(), Duration::from_millis(100));
    }

    #[test]
    fn no_pause_is_longer_and_they_differ() {
        let mut backoff = Backoff::new(Duration::from_secs(2));
        let pauses: Vec<Duration> = (0..200).map(|_| backoff.next()).collect();
        assert!(pauses.iter().all(|pause| *pause <= Duration::from_secs(2)));
        let (short, long) = (Duration::from_millis(500), Duration::from_millis(1500));
        assert!(pauses.iter().any(|pause| *pause < short) && pauses.iter().any(|pause| *pause > long), "{pauses:?}");
    }
}
