//! `clauses.lock`: the checked-in list of all verdicts. A clause that vanishes from a contract vanishes from no list
//! unnoticed: unfiltered runs end with [`Exit::NothingJudged`] when one is missing.

use crate::exit::Exit;
use crate::failure::Failure;
use camino::Utf8Path;
use seatrial_contracts::model::ChartPlan;
use std::collections::BTreeSet;

/// The file's name at the root of the repository.
pub(crate) const FILE: &str = "clauses.lock";

const HEAD: &str =
    "# Every verdict that an unfiltered `seatrial verify` gives, one a line: chart::environment::clause[element].
# A run that misses one of them ends with exit code 12. Written by `seatrial plan --lock`.
";

/// How the plan and the list differ.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// In the list, not in the plan.
    pub(crate) missing: Vec<String>,
    /// In the plan, not in the list.
    pub(crate) unlisted: Vec<String>,
}

/// The ids of all slots.
pub(crate) fn ids(plans: &[ChartPlan]) -> BTreeSet<String> {
    let slots = plans.iter().flat_map(|plan| &plan.environments).flat_map(|environment| &environment.slots);
    slots.map(|slot| slot.id.to_string()).collect()
}

/// The text of the list.
pub(crate) fn text(ids: &BTreeSet<String>) -> String {
    ids.iter().fold(HEAD.to_owned(), |text, id| text + id + "\n")
}

/// Compares; a repository without the list differs in nothing.
pub(crate) fn compare(root: &Utf8Path, plans: &[ChartPlan]) -> Difference {
    match std::fs::read_to_string(root.join(FILE)) {
        Ok(text) => difference(&text, &ids(plans)),
        Err(_) => Difference::default(),
    }
}

/// Writes the list.
pub(crate) fn write(root: &Utf8Path, plans: &[ChartPlan]) -> Result<usize, Failure> {
    let ids = ids(plans);
    let path = root.join(FILE);
    std::fs::write(&path, text(&ids)).map_err(|error| Failure::new(Exit::Usage, format!("{path}: {error}")))?;
    Ok(ids.len())
}

fn difference(list: &str, planned: &BTreeSet<String>) -> Difference {
    let lines = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let listed: BTreeSet<String> = lines.map(ToOwned::to_owned).collect();
    Difference {
        missing: listed.difference(planned).cloned().collect(),
        unlisted: planned.difference(&listed).cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Difference, difference, text};
    use std::collections::BTreeSet;

    fn ids(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_written_list_agrees_with_itself() {
        let planned = ids(&["a::dev::ready", "a::dev::survives[reinstall]"]);
        assert_eq!(difference(&text(&planned), &planned), Difference::default());
    }

    #[test]
    fn a_clause_that_vanished_is_named() {
        let found =
            difference(&text(&ids(&["a::dev::gone", "a::dev::ready"])), &ids(&["a::dev::new", "a::dev::ready"]));
        assert_eq!(found.missing, ["a::dev::gone"]);
        assert_eq!(found.unlisted, ["a::dev::new"]);
    }
}
