//! What the kernel has: control groups, limits, modules.

use super::facts::{Cgroup, Inotify};
use camino::Utf8Path;
use nix::sys::resource::{Resource, getrlimit};

/// The modules that clusters use, and the file that shows that the kernel has them.
const MODULES: [(&str, &str); 3] =
    [("overlay", "/sys/module/overlay"), ("bridge", "/sys/module/bridge"), ("br_netfilter", "/proc/sys/net/bridge")];

pub(super) fn cgroup() -> Cgroup {
    let root = Utf8Path::new("/sys/fs/cgroup");
    match (root.join("cgroup.controllers").exists(), root.is_dir() && root.join("memory").is_dir()) {
        (true, _) => Cgroup::V2,
        (false, true) => Cgroup::V1,
        (false, false) => Cgroup::None,
    }
}

/// As many files as a process may ever open.
pub(super) fn nofile_hard() -> u64 {
    getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(_, hard)| hard)
}

/// A `None` is a limit that can't be read.
pub(super) fn inotify() -> Inotify {
    Inotify { instances: number("fs/inotify/max_user_instances"), watches: number("fs/inotify/max_user_watches") }
}

fn number(sysctl: &str) -> Option<u64> {
    std::fs::read_to_string(format!("/proc/sys/{sysctl}")).ok()?.trim().parse().ok()
}

/// The modules that are neither built in nor loaded. Some are loaded on first use.
pub(super) fn absent_modules() -> Vec<String> {
    let release = release();
    let builtin = std::fs::read_to_string(format!("/lib/modules/{release}/modules.builtin")).unwrap_or_default();
    let filesystems = std::fs::read_to_string("/proc/filesystems").unwrap_or_default();
    let is_there = |name: &str, path: &str| {
        Utf8Path::new(path).exists()
            || builtin.contains(&format!("/{name}.ko"))
            || filesystems.split_whitespace().any(|word| word == name)
    };
    let absent = MODULES.iter().filter(|(name, path)| !is_there(name, path));
    absent.map(|(name, _)| (*name).to_owned()).collect()
}

/// The release of the kernel.
pub(super) fn release() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// All memory, in bytes.
pub(super) fn memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kibibytes = total.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

/// The free bytes of the file system that holds this path or its nearest parent.
pub(super) fn disk_free(path: &Utf8Path) -> u64 {
    let there = path.ancestors().find(|dir| dir.is_dir());
    let stat = there.and_then(|dir| rustix::fs::statvfs(dir.as_std_path()).ok());
    stat.map_or(0, |stat| stat.f_bavail * stat.f_frsize)
}
