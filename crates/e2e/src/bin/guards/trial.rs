//! Running what judges a tree, and reading what failed.

use super::patch::{Guard, Patch};
use super::worktree::Worktree;
use seatrial_harness::command::{Cmd, Finished};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// The longest build and its tests.
const PATIENCE: Duration = Duration::from_mins(40);

/// nextest's exit code when tests failed; any other than 0 means that they were not run.
const TESTS_FAILED: i32 = 100;

/// The names of what fails in the worktree, or why that can't be said.
pub(crate) async fn failures(worktree: &Worktree, patch: &Patch) -> Result<BTreeSet<String>, String> {
    let command = match patch.guard {
        Guard::Test(_) => cargo(worktree, patch).args(QUIET_TESTS),
        Guard::Lint(_) => cargo(worktree, patch).args(["--quiet", "--message-format", "json"]),
    };
    let finished = command.run().await.map_err(|error| error.to_string())?;
    match patch.guard {
        Guard::Test(_) => failed_tests(&finished),
        Guard::Lint(_) => broken_lints(&finished),
    }
}

/// Every test is run, and only those that fail are named.
const QUIET_TESTS: [&str; 11] = [
    "--no-fail-fast",
    "--color",
    "never",
    "--status-level",
    "fail",
    "--final-status-level",
    "none",
    "--failure-output",
    "never",
    "--success-output",
    "never",
];

/// Others work on this machine too; a second target folder keeps their builds as they are.
fn cargo(worktree: &Worktree, patch: &Patch) -> Cmd {
    Cmd::new("nice")
        .args(["-n", "15", "cargo"])
        .args(patch.run.split_whitespace())
        .cwd(&worktree.folder)
        .env("CARGO_TARGET_DIR", &worktree.build)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env_remove("NEXTEST_RUN_ID")
        .env_remove("SEATRIAL_RUN")
        .timeout(PATIENCE)
}

fn failed_tests(finished: &Finished) -> Result<BTreeSet<String>, String> {
    match finished.code {
        Some(0) => Ok(BTreeSet::new()),
        Some(TESTS_FAILED) => Ok(finished.stderr.lines().filter_map(failed_test).collect()),
        _ => Err(errors_of(&finished.stderr)),
    }
}

/// `        FAIL [   0.005s] (3/20) seatrial-contracts judge::tests::x` → `seatrial-contracts judge::tests::x`
fn failed_test(line: &str) -> Option<String> {
    let (status, rest) = line.trim_start().split_once(" [")?;
    let is_status = status.chars().all(|c| c.is_ascii_uppercase() || "-+ ".contains(c) || c.is_ascii_digit());
    let rest = rest.split_once(']')?.1.trim_start();
    let name = if rest.starts_with('(') { rest.split_once(')')?.1 } else { rest };
    let is_other = ["PASS", "SETUP", "SLOW", "SKIP", "TERMINATING"].iter().any(|other| status.starts_with(other));
    (is_status && !is_other && !name.trim().is_empty()).then(|| name.trim().to_owned())
}

/// The lints of all warnings, whether or not they are denied.
fn broken_lints(finished: &Finished) -> Result<BTreeSet<String>, String> {
    let messages = finished.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lints: BTreeSet<String> = messages.filter_map(|line| lint(&line["message"])).collect();
    let is_told = finished.is_ok() || !lints.is_empty();
    if is_told { Ok(lints) } else { Err(errors_of(&finished.stderr)) }
}

fn lint(message: &Value) -> Option<String> {
    let is_trouble = ["warning", "error"].iter().any(|level| message["level"] == *level);
    if is_trouble { message["code"]["code"].as_str().map(ToOwned::to_owned) } else { None }
}

/// The first errors of a compiler, or the last line of whatever failed.
fn errors_of(text: &str) -> String {
    let errors: Vec<_> = text.lines().filter(|line| line.starts_with("error")).take(2).collect();
    if errors.is_empty() {
        text.trim().lines().last().unwrap_or("it said nothing").to_owned()
    } else {
        errors.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ended(code: i32, stdout: &str, stderr: &str) -> Finished {
        let (stdout, stderr) = (stdout.to_owned(), stderr.to_owned());
        Finished { argv: Vec::new(), cwd: None, seconds: 1.0, code: Some(code), stdout, stderr }
    }

    #[test]
    fn failed_tests_are_read_off_nextest() {
        let text = "\
   Compiling x v0.1.0
  SETUP PASS [   0.017s] (1/1) keep-records: tools/keep-test-records.sh
 Nextest run ID 5b1c with nextest profile: default
        FAIL [   0.005s] ( 3/20) x judge::tests::a
        PASS [   0.005s] ( 4/20) x judge::tests::b
     SIGABRT [   0.009s] (5/20) x::tidy c
     TIMEOUT [  60.009s] (6/20) x::tidy d
     Summary [   0.106s] 20 tests run: 17 passed, 3 failed, 0 skipped
";
        let failed: Vec<_> = text.lines().filter_map(failed_test).collect();
        assert_eq!(failed, ["x judge::tests::a", "x::tidy c", "x::tidy d"]);
    }

    #[test]
    fn what_was_not_built_is_no_failed_test() {
        let judged = failed_tests(&ended(101, "", "error[E0308]: mismatched types\n --> x\nerror: could not compile"));
        assert_eq!(judged, Err("error[E0308]: mismatched types; error: could not compile".to_owned()));
        assert_eq!(failed_tests(&ended(0, "", "")), Ok(BTreeSet::new()));
    }

    #[test]
    fn lints_are_read_off_clippy() {
        let message = |level: &str, code: Value| json!({ "message": { "level": level, "code": code } }).to_string();
        let lines = [
            message("error", json!({ "code": "clippy::print_stdout" })),
            message("failure-note", Value::Null),
            json!({ "reason": "build-finished" }).to_string(),
        ];
        let found = broken_lints(&ended(101, &lines.join("\n"), "error: could not compile"));
        assert_eq!(found, Ok(BTreeSet::from(["clippy::print_stdout".to_owned()])));
        assert_eq!(broken_lints(&ended(101, "", "error: no such command")), Err("error: no such command".to_owned()));
    }
}
