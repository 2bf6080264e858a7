//! Which value made a rendered line: of those whose text is in it, each is changed, and the chart is rendered again. The
//! questions are asked here; whoever has Helm renders.

use crate::model::{Verdict, VerdictKind, Where};
use serde_json::Value;
use std::fmt::Write;

/// What the note of a place on a rendered line begins with.
const NOTE: &str = "rendered line ";

/// A value of one letter is in every line.
const SHORTEST: usize = 2;

/// A value that may have made a line, and what to render in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its key, in Helm's own `--set` syntax.
    pub key: String,
    /// The same kind of value, but another one.
    pub sentinel: Value,
}

/// The rendered line of a finding: of a clause that failed on the files.
pub fn rendered_line(verdict: &Verdict) -> Option<usize> {
    let place = verdict.places.first().filter(|_| verdict.kind == VerdictKind::Fail)?;
    place.note.as_deref()?.strip_prefix(NOTE)?.parse().ok()
}

/// The values whose text is in a line, the longest first: it says the most.
pub fn candidates(values: &Value, line: &str) -> Vec<Candidate> {
    let scalar = line.split_once(": ").map_or(line, |(_, scalar)| scalar);
    let mut all = Vec::new();
    walk(values, "", &mut |key, value| {
        let (Some(text), Some(sentinel)) = (plain(value), other(value)) else { return };
        let is_in = if text.len() < SHORTEST { scalar.trim() == text } else { scalar.contains(&text) };
        if is_in {
            all.push((text.len(), Candidate { key: key.to_owned(), sentinel }));
        }
    });
    all.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    all.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Whether a render with a sentinel has another text on that line, and the same lines around it.
pub fn is_changed(before: &str, after: &str, line: usize) -> bool {
    let at = |text: &str| line.checked_sub(1).and_then(|number| text.lines().nth(number).map(str::to_owned));
    before.lines().count() == after.lines().count() && at(before) != at(after)
}

/// Adds the keys to the place of a finding.
pub fn add_keys(place: &mut Where, keys: &[String]) {
    let word = if keys.len() == 1 { "value key" } else { "value keys" };
    let note = place.note.get_or_insert_default();
    let _ = write!(note, ", {word} {}", keys.join(", "));
}

fn walk(value: &Value, at: &str, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('\\', "\\\\").replace('.', "\\.");
                let key = if at.is_empty() { key } else { format!("{at}.{key}") };
                walk(value, &key, visit);
            }
        }
        Value::Array(items) => {
            for (i, value) in items.iter().enumerate() {
                walk(value, &format!("{at}[{i}]"), visit);
            }
        }
        scalar => visit(at, scalar),
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Another value that the chart's schema most likely takes, too: a number one higher, a text with one more letter.
fn other(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(flag) => Some(Value::from(!flag)),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Some(Value::from(number.checked_add(1)?)),
            None => Some(Value::from(number.as_f64()? + 1.0)),
        },
        Value::String(text) => {
            let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            Some(Value::from(match text[..digits].parse::<u32>() {
                Ok(number) => format!("{}{}", u64::from(number) + 1, &text[digits..]),
                Err(_) => format!("{text}x"),
            }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_whose_text_is_in_the_line_are_tried() {
        let values = json!({
            "image": { "repository": "shop", "tag": "1.2" }, "replicas": 2, "ports": [{ "port": 8080 }], "a.b": "shop",
            "size": "100Mi", "nothing": null, "empty": "", "on": true,
        });
        let keys = |line: &str| -> Vec<String> { candidates(&values, line).into_iter().map(|one| one.key).collect() };
        assert_eq!(keys("          image: \"shop:1.2\""), ["image.repository", "a\\.b", "image.tag"]);
        assert_eq!(keys("  replicas: 2"), ["replicas"]);
        assert_eq!(keys("      port: 8080"), ["ports[0].port"]);
        assert_eq!(keys("  shop: none"), Vec::<String>::new(), "the key of a line is no value");
        assert_eq!(candidates(&values, "  storage: 100Mi")[0].sentinel, json!("101Mi"));
        assert_eq!(candidates(&values, "  storage: true")[0].sentinel, json!(false));
    }

    #[test]
    fn only_the_line_itself_counts() {
        assert!(is_changed("a: 1\nb: 2\n", "a: 1\nb: 3\n", 2));
        assert!(!is_changed("a: 1\nb: 2\n", "a: 2\nb: 2\n", 2));
        assert!(!is_changed("a: 1\nb: 2\n", "a: 1\nx: 1\nb: 2\n", 2), "other lines came in");
        assert!(!is_changed("a: 1\n", "a: 2\n", 0));
    }

    #[test]
    fn the_keys_stand_beside_the_line() {
        let mut place = Where { file: "x".to_owned(), line: None, note: Some("rendered line 3".to_owned()) };
        add_keys(&mut place, &["a.b".to_owned()]);
        assert_eq!(place.note.as_deref(), Some("rendered line 3, value key a.b"));
    }
}
