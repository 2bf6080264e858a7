//! Reading which tests ran and how they ended off the `JUnit` file that nextest writes.

use super::Ended;

/// A test in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestSeen {
    /// As nextest names it: `binary-id path::of::test`.
    pub name: String,
    /// How it ended.
    pub ended: Ended,
}

/// The tests of a file. What is inside a test's output is escaped there, so that its tags are none.
pub fn tests_of_junit(xml: &str) -> Vec<TestSeen> {
    xml.split("<testcase ").skip(1).filter_map(test).collect()
}

fn test(case: &str) -> Option<TestSeen> {
    let (head, rest) = case.split_once('>')?;
    let body = if head.ends_with('/') { "" } else { rest.split("</testcase>").next().unwrap_or_default() };
    let name = format!("{} {}", attribute(head, "classname")?, attribute(head, "name")?);
    Some(TestSeen { name, ended: ended(body) })
}

fn ended(body: &str) -> Ended {
    let has = |tag: &str| body.contains(&format!("<{tag}"));
    match () {
        () if has("failure") || has("error") => Ended::Fail,
        () if has("skipped") => Ended::Skipped,
        () => Ended::Pass,
    }
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let head = format!(" {head}");
    let (_, rest) = head.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    Some(plain.iter().fold(value.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain)))
}
