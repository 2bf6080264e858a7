//! `JUnit` XML: a suite an environment, a case a clause; Inconclusive is an error, never a pass.

use super::text;
use crate::model::{Verdict, VerdictKind};
use indexmap::IndexMap;
use std::fmt::Write as _;

/// The report as CI systems read it.
pub fn junit(verdicts: &[Verdict]) -> String {
    let mut suites: IndexMap<String, Vec<&Verdict>> = IndexMap::new();
    for verdict in verdicts {
        suites.entry(format!("{}::{}", verdict.id.chart, verdict.id.environment)).or_default().push(verdict);
    }
    let body: String = suites.iter().map(|(name, cases)| suite(name, cases)).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"seatrial\">\n{body}</testsuites>\n")
}

fn suite(name: &str, cases: &[&Verdict]) -> String {
    let count = |kind: VerdictKind| cases.iter().filter(|verdict| verdict.kind == kind).count();
    let seconds: f64 = cases.iter().map(|verdict| verdict.seconds).sum();
    let body: String = cases.iter().map(|verdict| case(name, verdict)).collect();
    format!(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{seconds:.3}\">\n\
         {body}  </testsuite>\n",
        escaped(name),
        cases.len(),
        count(VerdictKind::Fail),
        count(VerdictKind::Inconclusive),
        count(VerdictKind::Skipped),
    )
}

fn case(suite: &str, verdict: &Verdict) -> String {
    let (name, seconds) = (escaped(&verdict.id.local()), verdict.seconds);
    let mut xml = format!("    <testcase classname=\"{}\" name=\"{name}\" time=\"{seconds:.3}\"", escaped(suite));
    let properties = properties(verdict);
    let tag = match verdict.kind {
        VerdictKind::Pass if properties.is_empty() => {
            xml.push_str("/>\n");
            return xml;
        }
        VerdictKind::Pass => {
            let _ = write!(xml, ">\n{properties}    </testcase>\n");
            return xml;
        }
        VerdictKind::Fail => "failure",
        VerdictKind::Inconclusive => "error",
        VerdictKind::Skipped => "skipped",
    };
    let line = escaped(&text::line(verdict));
    let whole = escaped(&text::text(verdict, false));
    let _ = write!(xml, ">\n{properties}      <{tag} message=\"{line}\">{whole}</{tag}>\n    </testcase>\n");
    xml
}

/// What every reader of the verdict must know: what was different for the trial, stubs, and warnings.
fn properties(verdict: &Verdict) -> String {
    let all = [("trial", &verdict.trial), ("stubs", &verdict.stubs), ("note", &verdict.notes)];
    let mut lines = String::new();
    for (name, value) in all.into_iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value))) {
        let _ = writeln!(lines, "        <property name=\"{name}\" value=\"{}\"/>", escaped(value));
    }
    if lines.is_empty() { lines } else { format!("      <properties>\n{lines}      </properties>\n") }
}

/// XML has no control characters, not even escaped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
