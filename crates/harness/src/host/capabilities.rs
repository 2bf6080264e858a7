//! The capabilities that this host can give to nobody.

/// By bit, as in linux/capability.h.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// What the bounding set of this process lacks; nothing if it can't be read.
pub(super) fn missing() -> Vec<String> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let last = std::fs::read_to_string("/proc/sys/kernel/cap_last_cap").unwrap_or_default();
    missing_in(&status, last.trim().parse().unwrap_or(NAMES.len() - 1))
}

/// `last` is the highest capability that the kernel knows.
fn missing_in(status: &str, last: usize) -> Vec<String> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapBnd:"));
    let Some(mask) = line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()) else { return Vec::new() };
    let lacks = |bit: &usize| mask & (1 << bit) == 0;
    let known = (0..NAMES.len()).take(last + 1);
    known.filter(lacks).map(|bit| format!("CAP_{}", NAMES[bit])).collect()
}

#[cfg(test)]
mod tests {
    use super::missing_in;

    #[test]
    fn one_bit_is_missing() {
        assert_eq!(missing_in("CapBnd:\t000001fffeffffff\n", 40), ["CAP_SYS_RESOURCE"]);
    }

    #[test]
    fn an_older_kernel_lacks_nothing_that_it_does_not_know() {
        assert_eq!(missing_in("CapBnd:\t0000003fffffffff\n", 37), Vec::<String>::new());
    }
}
