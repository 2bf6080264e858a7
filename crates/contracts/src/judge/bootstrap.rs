//! Medians with an interval: resampled with replacement, pairs as pairs, without any assumption about a distribution.

/// How often the samples are drawn again.
const TIMES: usize = 1000;

/// A value and the interval that holds 95 of 100 resampled ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Interval {
    /// Microseconds as milliseconds.
    pub(super) fn in_millis(self) -> Self {
        Self { value: self.value / 1e3, low: self.low / 1e3, high: self.high / 1e3 }
    }
}

/// The median.
pub(super) fn median(samples: &[u64]) -> Interval {
    resampled(samples.len(), |chosen| middle(chosen.iter().map(|i| samples[*i])))
}

/// The median of the first less the median of the second; both hold as many samples, taken in turn.
pub(super) fn difference(first: &[u64], second: &[u64]) -> Interval {
    resampled(first.len().min(second.len()), |chosen| {
        middle(chosen.iter().map(|i| first[*i])) - middle(chosen.iter().map(|i| second[*i]))
    })
}

fn resampled(n: usize, statistic: impl Fn(&[usize]) -> f64) -> Interval {
    let mut chosen: Vec<usize> = (0..n).collect();
    let value = statistic(&chosen);
    let mut dice = Dice(n as u64);
    let mut all: Vec<f64> = (0..TIMES)
        .map(|_| {
            chosen.fill_with(|| dice.below(n));
            statistic(&chosen)
        })
        .collect();
    all.sort_unstable_by(f64::total_cmp);
    Interval { value, low: all[TIMES / 40], high: all[TIMES - 1 - TIMES / 40] }
}

fn middle(samples: impl Iterator<Item = u64>) -> f64 {
    let mut sorted: Vec<u64> = samples.collect();
    let half = sorted.len() / 2;
    if sorted.is_empty() {
        return 0.0;
    }
    let is_even = sorted.len().is_multiple_of(2);
    let (below, upper, _) = sorted.select_nth_unstable(half);
    let upper = *upper as f64;
    if is_even { below.iter().max().map_or(upper, |lower| f64::midpoint(*lower as f64, upper)) } else { upper }
}

/// `SplitMix64` from the number of samples on: the same record gives the same interval, a day later too.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % (n.max(1) as u64)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_has_an_interval_around_it() {
        let samples: Vec<u64> = (1..=101).collect();
        let interval = median(&samples);
        assert!((interval.value - 51.0).abs() < 1e-9, "{interval:?}");
        // The exact one by order statistics is 41 to 61.
        assert!((38.0..46.0).contains(&interval.low) && (56.0..64.0).contains(&interval.high), "{interval:?}");
        assert_eq!(median(&samples), interval, "the same record gives the same interval");
    }

    #[test]
    fn what_pairs_have_in_common_is_no_difference() {
        let first: Vec<u64> = (0..100).map(|i| 1000 + i % 7).collect();
        let second: Vec<u64> = first.iter().map(|one| one - 300).collect();
        let interval = difference(&first, &second);
        assert!([interval.value, interval.low, interval.high].iter().all(|one| (one - 300.0).abs() < 1e-9));
    }

    #[test]
    fn the_middle_of_even_and_odd_counts() {
        assert!((middle([3, 1, 2].into_iter()) - 2.0).abs() < 1e-9);
        assert!((middle([4, 1, 2, 3].into_iter()) - 2.5).abs() < 1e-9);
    }
}
