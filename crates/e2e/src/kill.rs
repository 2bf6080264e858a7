//! Killing the program as a machine would: every process of its session tree at once, at a moment that is an event.

use crate::program::tool;
use camino::Utf8Path;
use seatrial_probes::wait::pause_blocking;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Looks until the event has happened; looks often, so that the kill comes while it is fresh.
///
/// # Panics
/// When it does not happen.
pub fn until(what: &str, patience: Duration, mut has_happened: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !has_happened() {
        assert!(begin.elapsed() < patience, "{what} did not happen within {patience:?}");
        pause_blocking(Duration::from_millis(10));
    }
}

/// Ends every process whose environment carries the variable, again until none is left.
pub fn kill_all_of(variable: &str, value: &str) {
    let patience = Duration::from_secs(10);
    until("the end of the killed processes", patience, || {
        let found = processes_of(variable, value);
        for pid in &found {
            // It may have ended by itself; the next look tells.
            tool("sh", &["-c", &format!("kill -9 {pid} 2>/dev/null || true")]);
        }
        found.is_empty()
    });
}

/// The living processes whose environment carries the variable.
pub fn processes_of(variable: &str, value: &str) -> BTreeSet<u32> {
    let wanted = format!("{variable}={value}");
    let carries = |pid: &u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes())
    };
    let own = std::process::id();
    pids().into_iter().filter(|pid| *pid != own).filter(carries).collect()
}

/// Whether one of these processes was called with all of these words.
pub fn is_called(pids: &BTreeSet<u32>, words: &[&str]) -> bool {
    pids.iter().any(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        words.iter().all(|word| line.contains(word))
    })
}

fn pids() -> Vec<u32> {
    let entries = Utf8Path::new("/proc").read_dir_utf8().into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().parse().ok()).collect()
}
