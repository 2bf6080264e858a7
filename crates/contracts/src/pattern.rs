//! Regular expressions as contracts write them. What they become is bounded: a few characters may ask for gigabytes.

use regex::{Regex, RegexBuilder};

/// The most bytes of a compiled expression; what people write takes some thousand.
const MOST_BYTES: usize = 4 << 20;

/// The expression, or why it is none.
pub(crate) fn pattern(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).size_limit(MOST_BYTES).dfa_size_limit(MOST_BYTES).nest_limit(100).build()
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn what_is_written_is_bounded() {
        assert!(pattern(r"^\d+ ms \w{1,40}$").is_ok_and(|pattern| pattern.is_match("20 ms each")));
        for large in ["(a{1000}){1000}", r"\w{5000}", &format!("{}a{}", "(".repeat(300), ")".repeat(300))] {
            assert!(pattern(large).is_err(), "{large}");
        }
    }
}
