//! What `.config/nextest.toml` must say for DESIGN's invariants to hold between processes.

use e2e::program::root;

fn config() -> String {
    std::fs::read_to_string(root().join(".config/nextest.toml")).expect("nextest's configuration")
}

/// The override of one test target.
fn of_target(target: &str) -> String {
    let text = config();
    let found = text.split("\n[").find(|section| section.contains(&format!("binary({target})\"")));
    found.unwrap_or_else(|| panic!("no override for {target}")).to_owned()
}

/// Invariant 8: whoever measures or disturbs has the machine, after those who look.
#[test]
fn measure_and_disturb_are_alone_and_last() {
    for (target, priority) in [("measure", "priority = -50"), ("disturb", "priority = -100")] {
        let section = of_target(target);
        assert!(section.contains("threads-required = \"num-test-threads\""), "{section}");
        assert!(section.lines().any(|line| line == priority), "{section}");
    }
}

/// Invariant 14: a promise that is kept at the second try is a broken promise.
#[test]
fn nothing_is_tried_again() {
    let text = config();
    let lines: Vec<&str> = text.lines().filter(|line| line.trim_start().starts_with("retries")).collect();
    assert!(lines.len() >= 3, "each profile and class says so: {lines:?}");
    assert!(lines.iter().all(|line| *line == "retries = 0"), "{lines:?}");
}
