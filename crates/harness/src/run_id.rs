//! The name of a run: eight characters that all its processes agree on, part of every name it makes.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;

/// How many characters a run id has.
const LENGTH: usize = 8;

/// The id of a run, `[a-z0-9]{8}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// The run this process belongs to: what `SEATRIAL_RUN` says, else the run of nextest that started it, else one
    /// of its own.
    pub fn current() -> Self {
        static CURRENT: OnceLock<RunId> = OnceLock::new();
        CURRENT.get_or_init(|| Self::from_vars(|name| std::env::var(name).ok())).clone()
    }

    fn from_vars(var: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name| var(name).filter(|value| !value.is_empty());
        match (given("SEATRIAL_RUN"), given("NEXTEST_RUN_ID")) {
            (Some(run), _) | (None, Some(run)) => Self::of(&run),
            (None, None) => Self::random(),
        }
    }

    /// The id for any text: the text itself where it is an id already, else its hash.
    pub fn of(text: &str) -> Self {
        if is_id(text) {
            return Self(text.to_owned());
        }
        let hash = Sha256::digest(text.as_bytes());
        let number = hash.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte));
        Self::of_number(number)
    }

    /// An id that nobody has.
    pub fn random() -> Self {
        // Every `RandomState` has keys of its own from the system's randomness.
        Self::of_number(std::hash::RandomState::new().build_hasher().finish())
    }

    fn of_number(number: u64) -> Self {
        let digits = base36(number % 36_u64.pow(8));
        Self(format!("{digits:0>LENGTH$}"))
    }

    /// The eight characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text has the form of a run id.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// A number in digits and small letters.
pub(crate) fn base36(mut number: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut digits = Vec::new();
    loop {
        digits.push(char::from(DIGITS[(number % 36) as usize]));
        number /= 36;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vars: &[(&str, &str)]) -> RunId {
        RunId::from_vars(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn processes_of_one_run_agree() {
        let nextest = [("NEXTEST_RUN_ID", "b1f0bb5a-2c3c-4c7a-9a0e-0d4ab7b1c0de")];
        assert_eq!(of(&nextest), of(&nextest));
        assert!(is_id(of(&nextest).as_str()));
        assert_eq!(of(&[("SEATRIAL_RUN", "abcd1234"), nextest[0]]).as_str(), "abcd1234");
    }

    #[test]
    fn runs_without_a_name_differ() {
        assert_ne!(of(&[]), of(&[]));
        assert!(is_id(of(&[]).as_str()));
    }

    #[test]
    fn base36_counts_with_letters() {
        assert_eq!(base36(0), "0");
        assert_eq!(base36(35), "z");
        assert_eq!(base36(36), "10");
        assert_eq!(u64::from_str_radix(&base36(1_763_712_000), 36).ok(), Some(1_763_712_000));
    }
}
