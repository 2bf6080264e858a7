//! Versions of programs, as they print them.

use serde::{Serialize, Serializer};
use std::fmt;

/// Major, minor, patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u64, pub u64, pub u64);

impl Version {
    /// The first version in a text such as `kind v0.33.0 go1.26 linux/amd64`.
    #[must_use]
    pub fn find_in(text: &str) -> Option<Self> {
        text.split(|c: char| c.is_whitespace() || c == '"').find_map(Self::parse)
    }

    fn parse(word: &str) -> Option<Self> {
        let word = word.trim_start_matches('v');
        let end = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
        let mut numbers = word[..end].split('.').map(str::parse);
        let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        let patch = numbers.next().and_then(Result::ok).unwrap_or(0);
        Some(Self(major, minor, patch))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_programs_print_them() {
        for (text, expected) in [
            ("kind v0.33.0 go1.26.8 linux/amd64", Some(Version(0, 33, 0))),
            ("v3.22.0+gabcdef", Some(Version(3, 22, 0))),
            ("cargo-nextest 0.9.151 (abc 2026-01-01)", Some(Version(0, 9, 151))),
            ("v4.1.0-rc.1", Some(Version(4, 1, 0))),
            ("20.10.24+dfsg1", Some(Version(20, 10, 24))),
            ("no version", None),
        ] {
            assert_eq!(Version::find_in(text), expected, "{text}");
        }
    }
}
