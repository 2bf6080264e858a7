//! Reading which tests ran and how they ended off a `JUnit` file: nextest's, or that of a command of a contract.

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
    cases(xml).filter_map(|(head, body)| Some(TestSeen { name: name(head)?, ended: ended(body) })).collect()
}

/// The first line of what a failed test says, by the test's name.
pub(crate) fn failures(xml: &str) -> Vec<(String, String)> {
    cases(xml)
        .filter(|(_, body)| ended(body) == Ended::Fail)
        .map(|(head, body)| (name(head).unwrap_or_else(|| "a case without a name".to_owned()), said(body)))
        .collect()
}

/// Attributes and content of each case.
fn cases(xml: &str) -> impl Iterator<Item = (&str, &str)> {
    xml.split("<testcase").skip(1).filter(|case| case.starts_with(char::is_whitespace)).filter_map(|case| {
        let (head, rest) = case.split_once('>')?;
        let body = if head.ends_with('/') { "" } else { rest.split("</testcase>").next().unwrap_or_default() };
        Some((head, body))
    })
}

/// As nextest names it; not everybody writes a class.
fn name(head: &str) -> Option<String> {
    let name = attribute(head, "name")?;
    Some(match attribute(head, "classname").filter(|class| !class.is_empty()) {
        Some(class) => format!("{class} {name}"),
        None => name,
    })
}

/// Its `message`, else the first line of its text.
fn said(body: &str) -> String {
    let tag = ["<failure", "<error"].iter().find_map(|tag| body.split_once(tag));
    let Some((head, text)) = tag.and_then(|(_, rest)| rest.split_once('>')) else { return String::new() };
    let message = attribute(head, "message").unwrap_or_default();
    let text = text.split("</").next().unwrap_or_default().trim_start_matches("<![CDATA[");
    let first = [message.as_str(), text].into_iter().flat_map(str::lines).map(str::trim).find(|line| !line.is_empty());
    plain(first.unwrap_or_default())
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
    let head: String = head.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let head = format!(" {head}");
    let ends = ['"', '\''].into_iter().find_map(|quote| {
        let (_, rest) = head.split_once(&format!(" {name}={quote}"))?;
        rest.split(quote).next()
    });
    ends.map(plain)
}

fn plain(text: &str) -> String {
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    plain.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_than_nextest_write_is_read_too() {
        let xml = "<testsuite>\n<testcase name='sells &amp; buys' time='0.1'/>\n\
                   <testcase\n  classname=\"shop\" name=\"refunds\"><failure message=\"expected 5 &lt; 4\">at x</failure>\
                   </testcase><testcase name=\"sends\"><error>\n  no mail\n  server</error></testcase>\
                   <testcase name=\"later\"><skipped/></testcase></testsuite>";
        let seen: Vec<(String, Ended)> = tests_of_junit(xml).into_iter().map(|one| (one.name, one.ended)).collect();
        let expected = [
            ("sells & buys", Ended::Pass),
            ("shop refunds", Ended::Fail),
            ("sends", Ended::Fail),
            ("later", Ended::Skipped),
        ];
        assert_eq!(seen, expected.map(|(name, ended)| (name.to_owned(), ended)));
        let said = [("shop refunds", "expected 5 < 4"), ("sends", "no mail")];
        assert_eq!(failures(xml), said.map(|(name, said)| (name.to_owned(), said.to_owned())));
    }
}
