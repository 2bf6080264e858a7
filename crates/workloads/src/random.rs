//! Names that nobody guesses, and moments that nobody shares.

use std::time::Duration;

/// A name for something new: 16 hexadecimal digits.
pub(crate) fn name() -> String {
    format!("{:016x}", number())
}

/// A span up to this one, each as likely as any other.
pub(crate) fn up_to(most: Duration) -> Duration {
    most.mul_f64(number() as f64 / u64::MAX as f64)
}

/// A system without randomness gets numbers by its clock: they differ, too.
fn number() -> u64 {
    getrandom::u64().unwrap_or_else(|_| jiff::Timestamp::now().subsec_nanosecond().unsigned_abs().into())
}
