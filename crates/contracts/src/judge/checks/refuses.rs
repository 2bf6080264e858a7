//! `refuses`: Helm refuses the values, and says what it must say.

use super::{Judged, Outcome};
use crate::model::Refusal;
use seatrial_observation::{CommandSeen, Seen};

/// Judges one refusal by what `helm template` with its values did.
pub(in crate::judge) fn refusal(refusal: &Refusal, seen: &Seen) -> Judged {
    let Seen::Command(command) = seen else {
        return Judged::unseen("Helm was not asked");
    };
    let values = values(refusal);
    match (command.code, &refusal.saying) {
        (None, _) => Judged::unseen(format!("{values}: Helm was ended by a signal or a time-out")),
        (Some(0), _) => Judged::broken(format!("{values}: expected a refusal, seen accepted")),
        (Some(_), Some(saying)) if !says(command, saying) => {
            let seen = command.stderr.trim();
            Judged::broken(format!("{values}: expected a refusal that says `{saying}`, seen\n{seen}"))
        }
        _ => Outcome::Holds.into(),
    }
}

fn says(command: &CommandSeen, saying: &str) -> bool {
    command.stderr.contains(saying) || command.stdout.contains(saying)
}

fn values(refusal: &Refusal) -> String {
    refusal.set.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
}
