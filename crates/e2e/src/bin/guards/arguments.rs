//! What was asked for.

const USAGE: &str = "usage: guards [--cluster] [--only TEXT] [--list]";

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Also those whose guard needs a cluster.
    pub(crate) has_cluster: bool,
    /// Only patches whose name, or the command that judges them, holds this.
    pub(crate) only: Option<String>,
    /// Only print which invariant has which guard, as a table of `ARCHITECTURE.md`.
    pub(crate) is_listing: bool,
}

impl Arguments {
    /// Reads them; what is not understood gives the usage.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--cluster" => arguments.has_cluster = true,
                "--list" => arguments.is_listing = true,
                "--only" => arguments.only = Some(words.next().ok_or(USAGE)?),
                _ => return Err(USAGE.to_owned()),
            }
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_or_the_usage_is_told() {
        let parse = |line: &str| Arguments::parse(line.split_whitespace().map(ToOwned::to_owned));
        let wanted = Arguments { has_cluster: true, only: Some("07".into()), is_listing: false };
        assert_eq!(parse("--cluster --only 07"), Ok(wanted));
        assert_eq!(parse("--only"), Err(USAGE.to_owned()));
        assert_eq!(parse("--all"), Err(USAGE.to_owned()));
    }
}
