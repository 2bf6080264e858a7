//! What the bench was asked for.

use camino::Utf8PathBuf;

const USAGE: &str = "usage: bench [--pairs N] [--only static-tier|cluster-start|image-load|install]";

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// Measure.
    Bench {
        /// How many pairs of each comparison.
        pairs: usize,
        /// One comparison, by its name.
        only: Option<String>,
    },
    /// Be the guard of a cluster that the bench made.
    Guard {
        /// Its lease.
        lease: Utf8PathBuf,
    },
    /// Tell the memory that a command takes.
    Peak {
        /// Program and arguments.
        command: Vec<String>,
    },
}

impl Arguments {
    /// Reads them; what is not understood gives the usage.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut pairs, mut only) = (5, None);
        let mut words = words.peekable();
        if words.next_if(|word| word == "peak").is_some() {
            return Ok(Self::Peak { command: words.collect() });
        }
        while let Some(word) = words.next() {
            let value = words.next();
            match (word.as_str(), value) {
                ("guard", Some(flag)) if flag == "--lease" => return lease(words.next()),
                ("--pairs", Some(number)) => pairs = count(&number)?,
                ("--only", Some(name)) if is_known(&name) => only = Some(name),
                _ => return Err(USAGE.to_owned()),
            }
        }
        Ok(Self::Bench { pairs, only })
    }
}

fn lease(path: Option<String>) -> Result<Arguments, String> {
    path.map(|path| Arguments::Guard { lease: path.into() }).ok_or_else(|| USAGE.to_owned())
}

fn count(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=100).contains(count))
        .ok_or_else(|| format!("--pairs {text}: 1 to 100; {USAGE}"))
}

fn is_known(name: &str) -> bool {
    [super::static_tier::NAME, super::cluster_start::NAME, super::image_load::NAME, super::install::NAME]
        .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<Arguments, &str>) {
        let parsed = Arguments::parse(line.split_whitespace().map(ToOwned::to_owned));
        assert_eq!(parsed, expected.map_err(ToOwned::to_owned), "{line}");
    }

    #[test]
    fn arguments_are_read_or_the_usage_is_told() {
        check("", Ok(Arguments::Bench { pairs: 5, only: None }));
        check("--pairs 2 --only install", Ok(Arguments::Bench { pairs: 2, only: Some("install".into()) }));
        check("guard --lease /x.json", Ok(Arguments::Guard { lease: "/x.json".into() }));
        check("peak ls -l", Ok(Arguments::Peak { command: vec!["ls".into(), "-l".into()] }));
        check("--pairs", Err(USAGE));
        check("--only everything", Err(USAGE));
        check("--pairs 0", Err(&format!("--pairs 0: 1 to 100; {USAGE}")));
    }
}
