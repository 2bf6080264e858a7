//! What will not work on a host, from its facts alone.

use super::Problem;
use crate::host::{Cgroup, HostFacts};

/// Below this a cluster and its workloads do not fit.
const MEMORY: u64 = 3 << 30;
/// Node image, its parts, and what clusters write.
const DISK: u64 = 12 << 30;
/// A node with its pods takes some 100.
const INOTIFY_INSTANCES: u64 = 256;
/// What containerd and kubelet ask for.
const NOFILE: u64 = 4096;

/// Everything that a reader should know before a cluster fails on it.
pub(super) fn of(host: &HostFacts) -> Vec<Problem> {
    let mut found = Vec::new();
    found.extend(engine(host));
    found.extend(sizes(host));
    found.extend(limits(host));
    found.extend(quirks(host));
    found
}

fn problem(what: &str, why: impl Into<String>, remedy: Option<&str>) -> Problem {
    Problem { what: what.to_owned(), why: why.into(), remedy: remedy.map(str::to_owned) }
}

fn engine(host: &HostFacts) -> Option<Problem> {
    let why = if host.is_root { "no container engine answers" } else { "no container engine answers to this user" };
    host.engine.is_none().then(|| problem("clusters", why, Some("./just setup")))
}

fn sizes(host: &HostFacts) -> Vec<Problem> {
    let memory = format!("{} of memory; a cluster with its workloads takes {}", gib(host.memory), gib(MEMORY));
    let disk = format!("{} free for the cache; images and their parts take {}", gib(host.disk_free), gib(DISK));
    let memory = (host.memory < MEMORY).then(|| problem("clusters", memory, None));
    let disk = (host.disk_free < DISK).then(|| problem("set-up", disk, Some("free space, or set SEATRIAL_CACHE")));
    memory.into_iter().chain(disk).collect()
}

fn limits(host: &HostFacts) -> Vec<Problem> {
    let instances = host.inotify.instances.filter(|have| *have < INOTIFY_INSTANCES).map(|have| {
        let why = format!("fs.inotify.max_user_instances is {have}; pods end with \"too many open files\"");
        problem("several clusters at once", why, Some("sysctl -w fs.inotify.max_user_instances=1024"))
    });
    let files = (host.nofile_hard < NOFILE).then(|| {
        let why = format!("a process may open {} files, and only root of the host may raise that", host.nofile_hard);
        problem("nodes with many pods", why, None)
    });
    instances.into_iter().chain(files).collect()
}

fn quirks(host: &HostFacts) -> Vec<Problem> {
    let mut found = Vec::new();
    if host.cgroup == Cgroup::None {
        let why = "no control groups are mounted";
        found.push(problem("containers", why, Some("mount -t cgroup2 none /sys/fs/cgroup")));
    }
    if host.absent_modules.iter().any(|module| module == "overlay") {
        found.push(problem("nodes", "the kernel has no overlayfs (or has not loaded it)", Some("modprobe overlay")));
    }
    if !host.registry {
        let why = "no image registry answers: images that are not built here can't be run";
        found.push(problem("public images", why, None));
    }
    found
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Inotify;

    fn sound() -> HostFacts {
        HostFacts {
            os: "Debian".into(),
            kernel: "6.1".into(),
            arch: "x86_64",
            cores: 2,
            memory: 8 << 30,
            disk_free: 50 << 30,
            engine: Some("28.0.0".into()),
            registry: true,
            is_root: true,
            missing_capabilities: Vec::new(),
            nofile_hard: 1 << 20,
            cgroup: Cgroup::V2,
            inotify: Inotify { instances: Some(512), watches: Some(65536) },
            absent_modules: Vec::new(),
            ports_in_use: Vec::new(),
        }
    }

    fn check(change: impl FnOnce(&mut HostFacts), what: &str) {
        let mut host = sound();
        change(&mut host);
        let found: Vec<_> = of(&host).into_iter().map(|problem| problem.what).collect();
        assert_eq!(found, [what]);
    }

    #[test]
    fn a_sound_host_has_none() {
        assert_eq!(of(&sound()), []);
    }

    #[test]
    fn each_is_found_and_nothing_else() {
        check(|host| host.engine = None, "clusters");
        check(|host| host.memory = 1 << 30, "clusters");
        check(|host| host.disk_free = 1 << 30, "set-up");
        check(|host| host.inotify.instances = Some(128), "several clusters at once");
        check(|host| host.nofile_hard = 1024, "nodes with many pods");
        check(|host| host.cgroup = Cgroup::None, "containers");
        check(|host| host.absent_modules = vec!["overlay".into()], "nodes");
        check(|host| host.registry = false, "public images");
    }
}
