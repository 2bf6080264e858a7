//! Names that mean nothing, drawn anew in each run, so that no detector can lean on one.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};

/// A small generator (splitmix64): names need no more.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap_or(0) % n
    }

    /// Three or four syllables, sometimes a second word or a number: `bokiru`, `lametu-sovari`, `dinoha2`.
    fn name(&mut self) -> String {
        let mut name = self.word();
        match self.below(4) {
            0 => name = format!("{name}-{}", self.word()),
            1 => name = format!("{name}{}", self.below(9) + 1),
            _ => {}
        }
        name
    }

    fn word(&mut self) -> String {
        let syllables = 3 + self.below(2);
        let letter = |dice: &mut Self, of: &str| of.chars().nth(dice.below(of.len())).unwrap_or('a');
        (0..syllables).flat_map(|_| [letter(self, "bdfghklmnprstvz"), letter(self, "aeiou")]).collect()
    }
}

/// What `<word>` stands for, each word a name of its own.
pub(crate) fn names(words: &BTreeSet<String>, dice: &mut Dice) -> BTreeMap<String, String> {
    let mut taken = BTreeSet::new();
    let mut fresh = || {
        loop {
            let name = dice.name();
            if taken.insert(name.clone()) {
                return name;
            }
        }
    };
    words.iter().map(|word| (word.clone(), fresh())).collect()
}

/// `SEATRIAL_SEED`, else a seed that no run had before.
#[expect(clippy::disallowed_methods, reason = "the judge knows no environment, but who repeats a run has a seed")]
pub(crate) fn seed() -> u64 {
    let given = std::env::var("SEATRIAL_SEED").ok();
    given.map_or_else(|| RandomState::new().hash_one(1) >> 32, |seed| seed.parse().expect("SEATRIAL_SEED is a number"))
}
