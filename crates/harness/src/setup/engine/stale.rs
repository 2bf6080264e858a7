//! Files with process ids that a dead engine left behind. After a reboot, or a kill,
//! the number may be somebody else's, and the engine then refuses to start or waits
//! for a containerd that is none.

use camino::Utf8Path;

/// The files of the engine and of its containerd, and whose id they hold.
const FILES: [(&str, &str); 2] =
    [("/var/run/docker.pid", "dockerd"), ("/var/run/docker/containerd/containerd.pid", "containerd")];

/// Removes those whose process is not what it should be.
pub(super) fn remove() {
    for (file, program) in FILES {
        if is_stale(Utf8Path::new(file), program, name_of) {
            let _ = std::fs::remove_file(file);
        }
    }
}

fn is_stale(file: &Utf8Path, program: &str, name_of: impl Fn(&str) -> String) -> bool {
    std::fs::read_to_string(file).is_ok_and(|pid| name_of(pid.trim()) != program)
}

/// The name of a process, empty if there is none.
fn name_of(pid: &str) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: bool) {
        let dir = tempfile::tempdir().expect("dir");
        let file = Utf8Path::from_path(dir.path()).expect("utf-8").join("docker.pid");
        assert!(!is_stale(&file, "dockerd", |_| name.to_owned()), "no file");
        std::fs::write(&file, "42\n").expect("write");
        assert_eq!(
            is_stale(&file, "dockerd", |pid| if pid == "42" { name.to_owned() } else { String::new() }),
            expected
        );
    }

    #[test]
    fn only_a_living_engine_keeps_its_file() {
        check("dockerd", false);
        check("bash", true);
        check("", true);
    }
}
