//! `run`: a command ended with exit code 0.

use super::{Judged, Outcome};
use crate::model::{Measured, RunCheck};
use seatrial_observation::CommandSeen;

pub(super) fn look(check: &RunCheck, command: &CommandSeen) -> Judged {
    let what = check.command.join(" ");
    let measured =
        Measured { what: "command".to_owned(), value: command.seconds, limit: None, unit: "s".to_owned(), n: 1 };
    match command.code {
        Some(0) => Judged::from(Outcome::Holds).with(measured),
        Some(code) => Judged::broken(format!("`{what}`: expected exit code 0, seen {code}{}", tail(command))),
        None => Judged::unseen(format!("`{what}` was ended by a signal or a time-out{}", tail(command))),
    }
}

/// The last lines of what it said.
fn tail(command: &CommandSeen) -> String {
    let said = if command.stderr.trim().is_empty() { &command.stdout } else { &command.stderr };
    let lines: Vec<&str> = said.trim_end().lines().rev().take(8).collect();
    lines.into_iter().rev().fold(String::new(), |said, line| said + "\n  " + line)
}
