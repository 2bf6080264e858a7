//! What the host has, as an agent says when it registers.

use crate::frames::{Amount, Resources};
use nix::sys::statvfs::statvfs;

/// CPUs, memory and disk of now.
pub(super) fn resources() -> Resources {
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    Resources { cpu: cpu(&load), memory: memory_of(&memory), disk: disk() }
}

/// Of the CPUs those are free that the last minute's load left over.
fn cpu(load: &str) -> Amount {
    let total = std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as u64);
    let whole = load.split(['.', ' ']).next().and_then(|whole| whole.parse::<u64>().ok()).unwrap_or(0);
    Amount { total, available: total.saturating_sub(whole) }
}

fn memory_of(meminfo: &str) -> Amount {
    let kilobytes = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    Amount { total: kilobytes("MemTotal") * 1024, available: kilobytes("MemAvailable") * 1024 }
}

fn disk() -> Amount {
    statvfs("/").map_or_else(
        |_| Amount::default(),
        |disk| {
            let block = disk.fragment_size();
            Amount { total: disk.blocks() * block, available: disk.blocks_available() * block }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_in_bytes() {
        let memory = memory_of("MemTotal:       2048 kB\nMemFree: 1 kB\nMemAvailable:   1024 kB\n");
        assert_eq!(memory, Amount { total: 2 << 20, available: 1 << 20 });
        assert_eq!(memory_of(""), Amount::default());
    }

    #[test]
    fn this_host_has_something_of_each() {
        let Resources { cpu, memory, disk } = resources();
        for amount in [cpu, memory, disk] {
            assert!(amount.total > 0 && amount.available <= amount.total, "{amount:?}");
        }
        assert_eq!(super::cpu("99999.5 1.0 1.0").available, 0);
    }
}
