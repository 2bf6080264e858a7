//! `run`: a command ended with exit code 0, and no case of its report failed.

use super::{Judged, Outcome};
use crate::model::{Measured, RunCheck};
use crate::trace::{self, Ended};
use seatrial_observation::CommandSeen;

/// So many failed cases are named.
const TOLD: usize = 10;

pub(super) fn look(check: &RunCheck, command: &CommandSeen) -> Judged {
    let what = check.words();
    let measured =
        Measured { what: "command".to_owned(), value: command.seconds, limit: None, unit: "s".to_owned(), n: 1 };
    let report = check.junit.as_ref().zip(command.report.as_deref());
    if let Some(failed) = report.and_then(|(_, report)| failed(report)) {
        return Judged::broken(format!("`{what}`: {failed}"));
    }
    match (command.code, &check.junit) {
        (Some(0), None) => Judged::from(Outcome::Holds).with(measured),
        (Some(0), Some(path)) => reported(&what, path, report.map(|(_, report)| report), measured),
        (Some(code), _) => Judged::broken(format!("`{what}`: expected exit code 0, seen {code}{}", tail(command))),
        (None, _) => Judged::unseen(format!("`{what}` was ended by a signal or a time-out{}", tail(command))),
    }
}

/// A report in which nothing failed: it must have had something that ran.
fn reported(what: &str, path: &str, report: Option<&str>, measured: Measured) -> Judged {
    let Some(report) = report else {
        return Judged::unseen(format!("`{what}` wrote no report to {path}"));
    };
    let cases = trace::tests_of_junit(report);
    let ran = cases.iter().filter(|case| case.ended == Ended::Pass).count();
    if ran == 0 {
        return Judged::unseen(format!("`{what}`: no test case of {path} ran ({} in all)", cases.len()));
    }
    let cases =
        Measured { what: "test cases".to_owned(), value: ran as f64, limit: None, unit: String::new(), n: ran as u64 };
    Judged::from(Outcome::Holds).with(measured).with(cases)
}

/// Which cases failed, with the first line that each says.
fn failed(report: &str) -> Option<String> {
    let failures = trace::failures(report);
    if failures.is_empty() {
        return None;
    }
    let all = trace::tests_of_junit(report).len().max(failures.len());
    let told = failures.iter().take(TOLD).map(|(name, said)| match said.as_str() {
        "" => format!("\n  {name}"),
        said => format!("\n  {name}: {said}"),
    });
    let more = failures.len().saturating_sub(TOLD);
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    Some(format!("{} of {all} test cases failed{}{more}", failures.len(), told.collect::<String>()))
}

/// The last lines of what it said.
pub(super) fn tail(command: &CommandSeen) -> String {
    let said = if command.stderr.trim().is_empty() { &command.stdout } else { &command.stderr };
    let lines: Vec<&str> = said.trim_end().lines().rev().take(8).collect();
    lines.into_iter().rev().fold(String::new(), |said, line| said + "\n  " + line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::checks::told;

    #[track_caller]
    fn check(code: i32, report: Option<&str>, expected: &str) {
        let (command, image) = (vec!["pytest".to_owned()], Some("tests:1".to_owned()));
        let check = RunCheck { command, image, junit: Some("/r/x.xml".to_owned()), requires: Vec::new() };
        let seen = CommandSeen {
            argv: Vec::new(),
            code: Some(code),
            stdout: "1 failed".to_owned(),
            stderr: String::new(),
            seconds: 1.0,
            report: report.map(str::to_owned),
        };
        assert_eq!(told(look(&check, &seen)), expected);
    }

    #[test]
    fn failed_cases_are_named_whatever_the_exit_code() {
        let bad = "<testcase name=\"a\"/><testcase name=\"b\"><failure message=\"no\"/></testcase>";
        let seen = "broken: `pytest (in tests:1)`: 1 of 2 test cases failed\n  b: no";
        check(1, Some(bad), seen);
        check(0, Some(bad), seen);
        check(0, Some("<testcase name=\"a\"/>"), "holds");
        check(
            1,
            Some("<testcase name=\"a\"/>"),
            "broken: `pytest (in tests:1)`: expected exit code 0, seen 1\n  1 failed",
        );
    }

    #[test]
    fn a_report_of_nothing_proves_nothing() {
        check(0, None, "unseen: `pytest (in tests:1)` wrote no report to /r/x.xml");
        let skipped = "<testcase name=\"a\"><skipped/></testcase>";
        check(0, Some(skipped), "unseen: `pytest (in tests:1)`: no test case of /r/x.xml ran (1 in all)");
        check(1, None, "broken: `pytest (in tests:1)`: expected exit code 0, seen 1\n  1 failed");
    }
}
