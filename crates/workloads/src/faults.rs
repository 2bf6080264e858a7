//! Bad behaviour on purpose, asked for by a list of words in a variable and off otherwise. A word that is not known is
//! a mistake: a test that spells a fault wrongly must not pass for want of it.

/// One kind of bad behaviour, and its word.
pub trait Word: Copy + Eq + 'static {
    /// All that a program knows.
    const ALL: &'static [Self];
    /// The word of the variable.
    fn word(self) -> &'static str;
}

/// What a program does wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults<F>(Vec<F>);

impl<F: Word> Faults<F> {
    /// No fault.
    pub const NONE: Self = Self(Vec::new());

    /// The faults of words that are divided by commas.
    pub fn parse(words: &str) -> Option<Self> {
        let known = |word: &str| F::ALL.iter().copied().find(|fault| fault.word() == word);
        words.split(',').map(|word| known(word.trim())).collect::<Option<_>>().map(Self)
    }

    /// Whether this is one of them.
    pub fn has(&self, fault: F) -> bool {
        self.0.contains(&fault)
    }

    /// Their words.
    pub fn words(&self) -> Vec<&'static str> {
        self.0.iter().map(|fault| fault.word()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Vice {
        Lies,
        Sulks,
    }

    impl Word for Vice {
        const ALL: &'static [Self] = &[Self::Lies, Self::Sulks];

        fn word(self) -> &'static str {
            match self {
                Self::Lies => "lies",
                Self::Sulks => "sulks",
            }
        }
    }

    #[test]
    fn a_fault_is_known_by_its_word_and_no_other_is() {
        let both = Faults::<Vice>::parse("lies, sulks").expect("two faults");
        assert!(both.has(Vice::Lies) && both.has(Vice::Sulks));
        assert!(!Faults::<Vice>::parse("sulks").expect("a fault").has(Vice::Lies));
        for unknown in ["", "lie", "lies,", "lies sulks"] {
            assert_eq!(Faults::<Vice>::parse(unknown), None, "{unknown}");
        }
    }
}
