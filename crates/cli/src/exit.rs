//! The exit codes, one list for the program, its help and its documents.

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything passed.
    Good,
    /// A bug of ours.
    OurBug,
    /// The command line makes no sense.
    Usage,
    /// A contract is broken.
    Broken,
    /// A clause was run without a result.
    NoResult,
    /// No clause was selected, all were skipped, or a clause of `clauses.lock` is missing.
    NothingJudged,
    /// A contract file is invalid.
    Invalid,
    /// The environment did not come up.
    NoEnvironment,
    /// Cleanup failed.
    Leftovers,
    /// The user or the system asked to stop.
    Interrupted,
}

impl Exit {
    /// All of them, the one that wins first.
    pub(crate) const ALL: [Self; 10] = [
        Self::OurBug,
        Self::Usage,
        Self::Invalid,
        Self::Broken,
        Self::NoEnvironment,
        Self::Interrupted,
        Self::NoResult,
        Self::NothingJudged,
        Self::Leftovers,
        Self::Good,
    ];

    /// Its number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::OurBug => 1,
            Self::Usage => 2,
            Self::Broken => 10,
            Self::NoResult => 11,
            Self::NothingJudged => 12,
            Self::Invalid => 20,
            Self::NoEnvironment => 30,
            Self::Leftovers => 31,
            Self::Interrupted => 130,
        }
    }

    /// What it means, in a few words.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Good => "all pass",
            Self::OurBug => "a bug in Seatrial",
            Self::Usage => "the command line makes no sense",
            Self::Broken => "a contract is broken",
            Self::NoResult => "a clause was run without a result",
            Self::NothingJudged => "no clause was selected, all were skipped, or one of clauses.lock is missing",
            Self::Invalid => "a contract file is invalid",
            Self::NoEnvironment => "the environment did not come up",
            Self::Leftovers => "cleanup failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// The exit of that number; what is in no list is a bug.
    pub(crate) fn of_code(code: i32) -> Self {
        let same = |exit: &Self| i32::from(exit.code()) == code;
        Self::ALL.into_iter().find(same).unwrap_or(Self::OurBug)
    }

    /// The one of the two that wins.
    pub(crate) fn or(self, other: Self) -> Self {
        let wins = |exit: &Self| *exit == self || *exit == other;
        Self::ALL.into_iter().find(wins).unwrap_or(self)
    }
}

/// The list for `--help`.
pub(crate) fn help() -> String {
    let mut exits = Exit::ALL;
    exits.sort_by_key(|exit| exit.code());
    let lines = exits.iter().map(|exit| format!("  {:>3}  {}", exit.code(), exit.meaning()));
    std::iter::once("Exit codes:".to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn a_number_names_its_exit() {
        for exit in Exit::ALL {
            assert_eq!(Exit::of_code(exit.code().into()), exit);
        }
        assert_eq!(Exit::of_code(77), Exit::OurBug);
    }

    #[test]
    fn the_graver_one_wins() {
        assert_eq!(Exit::Good.or(Exit::Leftovers), Exit::Leftovers);
        assert_eq!(Exit::NothingJudged.or(Exit::Invalid), Exit::Invalid);
        assert_eq!(Exit::Broken.or(Exit::NoEnvironment), Exit::Broken);
    }
}
