//! The stamp of a record: it orders records of different processes, and says which boot they are from.

use seatrial_observation::Clock;

/// Now.
pub(crate) fn clock() -> Clock {
    let boottime = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let millis = boottime.tv_sec.unsigned_abs() * 1000 + boottime.tv_nsec.unsigned_abs() / 1_000_000;
    let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned();
    Clock { boottime_ms: millis, boot_id, wall: jiff::Timestamp::now().to_string() }
}
