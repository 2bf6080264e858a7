//! Repositories that mean no good, and the program called on them within bounds that are enforced: time, and the memory
//! of the program together with every Helm that it started.

use crate::program::{Program, block_on};
use camino::{Utf8Path, Utf8PathBuf};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use seatrial_harness::command::Finished;
use seatrial_probes::wait;
use std::fs;
use std::time::Duration;

/// How long the program may take.
pub const TIME: Duration = Duration::from_secs(10);

/// What it and its children may have in memory at once.
pub const MEMORY: u64 = 1 << 30;

/// How often that is looked at. What is summed are the peaks that the kernel keeps of each process, so nothing that
/// happens between two looks is missed but the last of a process that ends.
const PACE: Duration = Duration::from_millis(20);

/// A repository with one chart, `charts/bad`, gone with the value.
#[derive(Debug)]
pub struct Repository(tempfile::TempDir);

#[expect(clippy::expect_used, reason = "a test without its chart has failed")]
impl Repository {
    /// One whose chart has a name and nothing else.
    ///
    /// # Panics
    /// When it can't be written.
    pub fn new() -> Self {
        let repository = Self(tempfile::Builder::new().prefix("seatrial-hostile-").tempdir().expect("a folder"));
        repository.file("Chart.yaml", "apiVersion: v2\nname: bad\nversion: 1.0.0\n")
    }

    /// One whose chart is sound so far: it renders one `ConfigMap`.
    pub fn sound() -> Self {
        Self::new().file("templates/a.yaml", config_map(0))
    }

    /// With a file of the chart.
    ///
    /// # Panics
    /// When it can't be written.
    #[must_use]
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.chart().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
        self
    }

    /// With a file of the repository, beside its charts.
    ///
    /// # Panics
    /// When it can't be written.
    #[must_use]
    pub fn beside(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
        self
    }

    /// With a symbolic link in the chart.
    ///
    /// # Panics
    /// When it can't be made.
    #[must_use]
    pub fn link(self, name: &str, target: &str) -> Self {
        std::os::unix::fs::symlink(target, self.chart().join(name)).expect("a link");
        self
    }

    /// With a pipe in the chart, which nobody ever writes to.
    ///
    /// # Panics
    /// When it can't be made.
    #[must_use]
    pub fn pipe(self, name: &str) -> Self {
        nix::unistd::mkfifo(self.chart().join(name).as_std_path(), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        self
    }

    /// Its root, as the system knows it.
    ///
    /// # Panics
    /// When the system's temporary folder is no UTF-8.
    pub fn root(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.0.path()).and_then(|path| path.canonicalize_utf8().ok()).expect("a UTF-8 path")
    }

    fn chart(&self) -> Utf8PathBuf {
        self.root().join("charts/bad")
    }

    /// Calls the program in it, within the bounds.
    ///
    /// # Panics
    /// When it needs more time or memory than it may.
    #[expect(clippy::panic, reason = "a broken bound has failed the test")]
    pub fn call(&self, program: Program, args: &[&str]) -> Finished {
        let root = self.root();
        let program = program.in_dir(&root).env("SEATRIAL_HOME", root.join("home")).alone("hostile");
        let running = program.command(args).ends_with_us().timeout(TIME).run();
        let ended = block_on(async {
            tokio::select! {
                ended = running => ended.map_err(|error| error.to_string()),
                sum = until_too_large(&root) => Err(format!("{} MiB of memory at once", sum >> 20)),
            }
        });
        match ended {
            Ok(finished) => finished,
            Err(error) => {
                for (pid, _) in processes(&root) {
                    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                }
                panic!("{error}");
            }
        }
    }

    /// The processes that still work in it.
    pub fn survivors(&self) -> Vec<i32> {
        processes(&self.root()).into_iter().map(|(pid, _)| pid).collect()
    }
}

impl Default for Repository {
    fn default() -> Self {
        Self::new()
    }
}

/// The least object.
pub fn config_map(number: usize) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: a{number} }}\ndata: {{ a: b }}\n")
}

/// A list of lists of lists, by aliases: a few lines that stand for 9 to the power of `levels`.
pub fn bomb(levels: u8) -> String {
    let name = |level: u8| format!("x{level}");
    let lines = (1..levels).map(|level| {
        let below = vec![format!("*{}", name(level - 1)); 9].join(",");
        format!("{0}: &{0} [{below}]\n", name(level))
    });
    format!("x0: &x0 [a,a,a,a,a,a,a,a,a]\n{}", lines.collect::<String>())
}

async fn until_too_large(root: &Utf8Path) -> u64 {
    loop {
        let sum = processes(root).iter().map(|(_, peak)| peak).sum();
        if sum > MEMORY {
            return sum;
        }
        wait::pause(PACE).await;
    }
}

/// Every process that works in this folder (children do where their parent does), with its peak of memory in bytes.
fn processes(root: &Utf8Path) -> Vec<(i32, u64)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_here = |pid: &i32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == root.as_std_path());
    pids.filter(is_here).map(|pid| (pid, peak(pid))).collect()
}

fn peak(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|text| text.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}
