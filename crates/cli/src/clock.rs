//! Where the time went: laps of one command.

use std::time::Instant;

/// A stopwatch with named laps.
#[derive(Debug)]
pub(crate) struct Clock {
    since: Instant,
    laps: Vec<(String, f64)>,
}

impl Clock {
    /// Starts.
    pub(crate) fn start() -> Self {
        Self { since: Instant::now(), laps: Vec::new() }
    }

    /// Ends a lap; laps of one name are summed.
    pub(crate) fn lap(&mut self, name: &str) {
        let seconds = self.since.elapsed().as_secs_f64();
        self.since = Instant::now();
        match self.laps.iter_mut().find(|(lap, _)| lap == name) {
            Some((_, sum)) => *sum += seconds,
            None => self.laps.push((name.to_owned(), seconds)),
        }
    }

    /// All laps, in the order of their first end.
    pub(crate) fn laps(&self) -> &[(String, f64)] {
        &self.laps
    }
}
