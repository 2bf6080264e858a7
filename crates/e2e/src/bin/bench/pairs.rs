//! Pairs of measurements, one after the other in turns, and what they say.

use serde_json::{Value, json};

/// How a bench ends.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Seatrial.
    Ours,
    /// The usual way.
    Theirs,
}

/// Two ways to do one thing, and how long each took.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// One word.
    pub(crate) name: &'static str,
    /// What is measured, from when to when.
    pub(crate) what: &'static str,
    /// What the other side is.
    pub(crate) theirs: &'static str,
    /// The commands of our side.
    pub(crate) our_argv: Vec<Vec<String>>,
    /// The commands of the other side.
    pub(crate) their_argv: Vec<Vec<String>>,
    /// What the reader must know to trust it.
    pub(crate) notes: Vec<String>,
    /// What was measured.
    pub(crate) seconds: Seconds,
}

/// Seconds of each side, pair by pair.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Seconds {
    pub(crate) ours: Vec<f64>,
    pub(crate) theirs: Vec<f64>,
}

/// Takes turns; who goes first changes with each pair, so that neither side always finds the machine warmer.
pub(crate) async fn interleaved(pairs: usize, mut once: impl AsyncFnMut(Side) -> Outcome<f64>) -> Outcome<Seconds> {
    let mut seconds = Seconds::default();
    for pair in 0..pairs {
        let order = if pair % 2 == 0 { [Side::Ours, Side::Theirs] } else { [Side::Theirs, Side::Ours] };
        for side in order {
            let took = once(side).await?;
            super::report::progress(pair, side, took);
            seconds.of(side).push(took);
        }
    }
    Ok(seconds)
}

impl Seconds {
    fn of(&mut self, side: Side) -> &mut Vec<f64> {
        match side {
            Side::Ours => &mut self.ours,
            Side::Theirs => &mut self.theirs,
        }
    }

    /// How many times longer the other side took, pair by pair.
    pub(crate) fn ratios(&self) -> Vec<f64> {
        self.ours.iter().zip(&self.theirs).map(|(ours, theirs)| theirs / ours).collect()
    }
}

/// The middle of some numbers and how far they reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// `None` of no numbers: nothing measured is no result.
    pub(crate) fn of(numbers: &[f64]) -> Option<Self> {
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median =
            if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
        Some(Self { median, min, max })
    }

    pub(crate) fn json(&self) -> Value {
        json!({ "median": self.median, "min": self.min, "max": self.max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let spread = |numbers: &[f64]| Spread::of(numbers).map(|one| (one.min, one.median, one.max));
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[3.0]), Some((3.0, 3.0, 3.0)));
        assert_eq!(spread(&[9.0, 1.0, 4.0]), Some((1.0, 4.0, 9.0)));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 9.0]), Some((1.0, 3.0, 9.0)));
    }

    #[test]
    fn the_sides_take_turns_and_change_who_begins() {
        let mut order = Vec::new();
        let seconds = e2e::program::block_on(interleaved(3, async |side| {
            order.push(side);
            Ok(if side == Side::Ours { 2.0 } else { 5.0 })
        }));
        let seconds = seconds.expect("no failure");
        assert_eq!(order, [Side::Ours, Side::Theirs, Side::Theirs, Side::Ours, Side::Ours, Side::Theirs]);
        assert_eq!(seconds.ratios(), [2.5, 2.5, 2.5]);
    }
}
