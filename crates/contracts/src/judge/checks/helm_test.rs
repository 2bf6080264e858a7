//! `helmTest`: every test of the chart that ran has passed.

use super::{Judged, Outcome, command, last_lines};
use crate::model::{HelmTestCheck, Measured};
use seatrial_observation::{ContainerEnd, TestsSeen};

pub(super) fn look(check: &HelmTestCheck, seen: &TestsSeen) -> Judged {
    let mut phases = phases(&seen.command.stdout);
    // Of those that a filter left out, Helm prints how they ended the last time.
    phases.retain(|(test, _)| check.names.is_empty() || check.names.iter().any(|name| name == test));
    let failed: Vec<String> =
        phases.iter().filter(|(_, phase)| *phase != "Succeeded").map(|(test, phase)| told(test, phase, seen)).collect();
    if !failed.is_empty() {
        return Judged::broken(failed.join("\n"));
    }
    if seen.command.code != Some(0) {
        let tail = command::tail(&seen.command);
        return match seen.command.code {
            Some(code) => Judged::broken(format!("helm test: expected exit code 0, seen {code}{tail}")),
            None => Judged::unseen(format!("helm test was ended by a signal or a time-out{tail}")),
        };
    }
    let missing = check.names.iter().find(|name| phases.iter().all(|(test, _)| test != name));
    match missing {
        _ if phases.is_empty() => {
            Judged::unseen("no test ran: the chart has none by the hook `test`, or none of that name")
        }
        Some(missing) => Judged::unseen(format!("the test {missing} did not run: the chart has none of that name")),
        None => Judged::from(Outcome::Holds).with(ran(phases.len(), seen)),
    }
}

/// Test → how it ended, as Helm prints it.
fn phases(printed: &str) -> Vec<(&str, &str)> {
    printed.split("TEST SUITE:").skip(1).filter_map(phase).collect()
}

fn phase(suite: &str) -> Option<(&str, &str)> {
    let name = suite.lines().next()?.trim();
    let phase = suite.lines().find_map(|line| line.strip_prefix("Phase:"))?.trim();
    (!name.is_empty()).then_some((name, phase))
}

fn told(test: &str, phase: &str, seen: &TestsSeen) -> String {
    let bad = |end: &&ContainerEnd| (end.pod == test || end.pod.starts_with(&format!("{test}-"))) && end.code != 0;
    let ended =
        seen.ends.iter().find(bad).map(|end| {
            format!(": container/{} ended with exit code {}{}", end.container, end.code, last_lines(&end.tail))
        });
    format!("test {test}: expected Succeeded, seen {phase}{}", ended.unwrap_or_default())
}

fn ran(tests: usize, seen: &TestsSeen) -> Measured {
    Measured {
        what: "tests of the chart".to_owned(),
        value: seen.command.seconds,
        limit: None,
        unit: "s".to_owned(),
        n: tests as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::checks::told as outcome;
    use seatrial_observation::CommandSeen;

    #[test]
    fn helm_prints_how_each_test_ended() {
        let printed = "NAME: shop\nSTATUS: deployed\nTEST SUITE:     shop-answers\nLast Started:   Sat\n\
                       Last Completed: Sat\nPhase:          Succeeded\nTEST SUITE:     shop-sells\nLast Started:   Sat\n\
                       Last Completed: Sat\nPhase:          Failed\n";
        assert_eq!(phases(printed), [("shop-answers", "Succeeded"), ("shop-sells", "Failed")]);
        assert_eq!(phases("NAME: shop\nTEST SUITE: None\n"), []);
    }

    #[track_caller]
    fn check(names: &[&str], phase: &str, code: i32, expected: &str) {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let stdout = if phase.is_empty() { String::new() } else { format!("TEST SUITE: sells\nPhase: {phase}\n") };
        let (argv, stderr) = (Vec::new(), String::new());
        let command = CommandSeen { argv, code: Some(code), stdout, stderr, seconds: 1.0, report: None };
        let (pod, container, tail) = ("sells".to_owned(), "curl".to_owned(), vec!["sold out".to_owned()]);
        let ends = vec![ContainerEnd { pod, container, code: 7, tail }];
        assert_eq!(outcome(look(&HelmTestCheck { names }, &TestsSeen { command, ends })), expected);
    }

    #[test]
    fn a_test_that_failed_is_named_with_its_last_words() {
        check(&[], "Succeeded", 0, "holds");
        let seen =
            "broken: test sells: expected Succeeded, seen Failed: container/curl ended with exit code 7\n  sold out";
        check(&[], "Failed", 1, seen);
        check(&[], "", 1, "broken: helm test: expected exit code 0, seen 1");
        let none = "unseen: no test ran: the chart has none by the hook `test`, or none of that name";
        check(&[], "", 0, none);
        check(&["buys"], "Failed", 0, none);
        let other = "unseen: the test buys did not run: the chart has none of that name";
        check(&["sells", "buys"], "Succeeded", 0, other);
    }
}
