//! The checked-in lists of what is skipped: one a kind of host, one for clusters that are not ours.

use crate::program::root;
use std::collections::BTreeSet;

/// For whom a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Image registries answer.
    Ordinary,
    /// No image registry answers.
    NoRegistry,
    /// A cluster that is not ours.
    Existing,
}

impl Host {
    /// This one.
    pub fn this() -> Self {
        if seatrial_harness::host::is_registry_reachable_blocking() { Self::Ordinary } else { Self::NoRegistry }
    }

    /// The list, relative to the repository.
    pub fn file(self) -> &'static str {
        match self {
            Self::Ordinary => "crates/e2e/skips/ordinary.txt",
            Self::NoRegistry => "crates/e2e/skips/no-registry.txt",
            Self::Existing => "crates/e2e/skips/existing.txt",
        }
    }

    /// What is listed.
    ///
    /// # Panics
    /// When the list is missing, or a line of it says no reason.
    #[expect(clippy::expect_used, reason = "a suite without its list has failed")]
    pub fn listed(self) -> BTreeSet<String> {
        let text = std::fs::read_to_string(root().join(self.file())).expect("the list of skips");
        names(&text).expect("a list of names and reasons")
    }
}

fn names(list: &str) -> Result<BTreeSet<String>, String> {
    let lines = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let name = |line: &str| match line.split_once("  # ") {
        Some((name, reason)) if !reason.trim().is_empty() => Ok(name.trim().to_owned()),
        _ => Err(format!("`{line}` says no reason; write `NAME  # REASON`")),
    };
    lines.map(name).collect()
}

/// Compares what is skipped with the list; the message names each difference.
pub fn compare(host: Host, skipped: &BTreeSet<String>, listed: &BTreeSet<String>) -> Result<(), String> {
    let unlisted: Vec<&String> = skipped.difference(listed).collect();
    let idle: Vec<&String> = listed.difference(skipped).collect();
    if unlisted.is_empty() && idle.is_empty() {
        return Ok(());
    }
    Err(format!("{}: skipped and not listed: {unlisted:?}; listed and not skipped: {idle:?}", host.file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn both_differences_are_named() {
        let listed = names("# head\n\na::b  # why\nc  # why not\n").expect("a list");
        assert_eq!(compare(Host::Existing, &set(&["a::b", "c"]), &listed), Ok(()));
        let message = compare(Host::Existing, &set(&["a::b", "d"]), &listed).expect_err("differences");
        assert!(message.ends_with(r#"skipped and not listed: ["d"]; listed and not skipped: ["c"]"#), "{message}");
    }

    #[test]
    fn a_skip_without_a_reason_is_refused() {
        assert!(names("a::b\n").is_err_and(|message| message.contains("says no reason")));
    }
}
