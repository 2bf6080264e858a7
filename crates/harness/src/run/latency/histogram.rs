//! The latencies as an `HdrHistogram`, for tools that draw and add them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use seatrial_observation::Series;

/// The highest value that is kept apart, in microseconds: an hour.
const LONGEST_US: u64 = 3_600_000_000;

/// Three significant digits, V2 with compression, in base64; empty where it can't be made, which spoils no verdict.
pub(super) fn encoded(series: &Series) -> String {
    let Ok(mut histogram) = Histogram::<u64>::new_with_max(LONGEST_US, 3) else { return String::new() };
    for took in &series.took_us {
        histogram.saturating_record(*took);
    }
    let mut bytes = Vec::new();
    match V2DeflateSerializer::new().serialize(&histogram, &mut bytes) {
        Ok(_) => STANDARD.encode(bytes),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::serialization::Deserializer;

    #[test]
    fn what_is_kept_is_read_back() {
        let mut series = Series::default();
        (1..=100).for_each(|i| series.push(i * 1000, 0, false));
        let bytes = STANDARD.decode(encoded(&series)).expect("base64");
        let read: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).expect("a histogram");
        assert_eq!(read.len(), 100);
        // Three digits: a bucket is 64 µs wide here.
        let p50 = read.value_at_quantile(0.5);
        assert!((49_936..=50_064).contains(&p50), "{p50}");
    }
}
