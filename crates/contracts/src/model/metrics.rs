//! Metrics in the text format of Prometheus: what is promised, and the names that samples go by.

use super::{Expectation, Target};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is scraped, and what is found there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricsCheck {
    /// A Service port, or a `ServiceMonitor`.
    pub through: Target,
    /// Which samples → what some of them must be.
    pub expect: Vec<(Series, Expectation)>,
}

/// A name, and labels that must be as they are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// The metric.
    pub name: String,
    /// Its labels; others may be there.
    pub labels: BTreeMap<String, String>,
}

impl Series {
    /// `name` or `name{label="value",…}`.
    pub fn parse(text: &str) -> Option<Self> {
        let (series, rest) = Self::take(text.trim())?;
        rest.trim().is_empty().then_some(series)
    }

    /// The series at the begin of a line, and what follows it.
    pub(crate) fn take(text: &str) -> Option<(Self, &str)> {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let end = text.find(|c| !is_letter(c)).unwrap_or(text.len());
        let (name, mut rest) = text.split_at(end);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let mut labels = BTreeMap::new();
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner.trim_start();
            while !rest.starts_with('}') {
                let (label, after) = rest.split_once('=')?;
                let (value, after) = quoted(after.trim_start())?;
                labels.insert(label.trim().to_owned(), value);
                rest = after.trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            }
            rest = &rest[1..];
        }
        Some((Self { name: name.to_owned(), labels }, rest))
    }

    /// Whether a sample is one of these.
    pub(crate) fn has(&self, sample: &Self) -> bool {
        self.name == sample.name && self.labels.iter().all(|(label, value)| sample.labels.get(label) == Some(value))
    }
}

/// A text in quotes, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.strip_prefix('"')?.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 2..])),
            '\\' => match letters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

impl std::fmt::Display for Series {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if self.labels.is_empty() {
            return Ok(());
        }
        let labels: Vec<String> = self.labels.iter().map(|(label, value)| format!("{label}={value:?}")).collect();
        write!(f, "{{{}}}", labels.join(","))
    }
}
