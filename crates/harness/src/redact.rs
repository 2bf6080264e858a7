//! Redaction: the value of a Secret appears in no artefact, whatever form a log or a file gives it.
//!
//! Known forms: raw (and each long line of it), base64 in all three alignments and both alphabets, URL-encoded, and
//! escaped as JSON. Values shorter than four bytes are left alone: they would blank out half of every file, and
//! reveal nothing that a guess doesn't.

mod pieces;
mod typed;

pub(crate) use pieces::Pieces;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::collections::BTreeSet;

pub use seatrial_observation::REDACTED;

/// The shortest value that is taken out.
const SHORTEST: usize = 4;

/// Takes known secrets out of texts.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    /// The forms, the longest first: a value that holds another one goes as a whole.
    forms: Vec<String>,
    is_off: bool,
}

impl Redactor {
    /// A redactor of these values.
    pub fn of<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut redactor = Self::default();
        redactor.learn(values);
        redactor
    }

    /// A redactor that lets everything through; only for the test that proves that redaction is what keeps secrets out.
    pub fn off() -> Self {
        Self { forms: Vec::new(), is_off: true }
    }

    /// Takes these values out too, from now on.
    pub fn learn<'a>(&mut self, values: impl IntoIterator<Item = &'a [u8]>) {
        if self.is_off {
            return;
        }
        let mut forms: BTreeSet<String> = self.forms.drain(..).collect();
        for value in values {
            forms.extend(forms_of(value));
        }
        self.forms = forms.into_iter().collect();
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    /// The text without any known secret.
    pub fn clean(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for form in &self.forms {
            if clean.contains(form.as_str()) {
                clean = clean.replace(form.as_str(), REDACTED);
            }
        }
        clean
    }

    /// How much of the beginning of a text can be cleaned now, whatever is to come behind it: no secret begins in it and
    /// may end later.
    fn certain(&self, text: &str) -> usize {
        let open = self.forms.iter().map(|form| begun(form, text)).max().unwrap_or(0);
        let mut end = text.len() - open;
        // What is cut off must not cut another one in two.
        while let Some(start) = self.forms.iter().find_map(|form| across(form, text, end)) {
            end = start;
        }
        end
    }
}

/// How many bytes at the end of the text are the beginning of the form.
fn begun(form: &str, text: &str) -> usize {
    let beginnings = form.char_indices().map(|(index, _)| index).rev();
    let ends_so = |length: &usize| text.as_bytes().ends_with(&form.as_bytes()[..*length]);
    beginnings.take_while(|length| *length > 0).find(ends_so).unwrap_or(0)
}

/// Where the form begins, if it stands across this place.
fn across(form: &str, text: &str, place: usize) -> Option<usize> {
    let earliest = (place + 1).saturating_sub(form.len());
    (earliest..place).find(|start| text.as_bytes()[*start..].starts_with(form.as_bytes()))
}

fn forms_of(value: &[u8]) -> Vec<String> {
    let trimmed = value.trim_ascii();
    if trimmed.len() < SHORTEST {
        return Vec::new();
    }
    let mut forms = base64_forms(trimmed);
    forms.extend([STANDARD.encode(value), STANDARD_NO_PAD.encode(value), URL_SAFE_NO_PAD.encode(value)]);
    if let Ok(text) = std::str::from_utf8(trimmed) {
        forms.extend(text_forms(text));
        let lines = text.lines().map(str::trim).filter(|line| line.len() >= 2 * SHORTEST);
        forms.extend(lines.flat_map(text_forms));
    }
    forms
}

fn text_forms(text: &str) -> Vec<String> {
    let upper = url_encoded(text, true);
    let plus = upper.replace("%20", "+");
    vec![text.to_owned(), json_escaped(text), url_encoded(text, false), upper, plus]
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn url_encoded(text: &str, is_upper: bool) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match (byte, is_upper) {
            (b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~', _) => encoded.push(char::from(byte)),
            (_, true) => drop(write!(encoded, "%{byte:02X}")),
            (_, false) => drop(write!(encoded, "%{byte:02x}")),
        }
        encoded
    })
}

/// The part of the base64 text that is the same whatever stands before and behind the value, for each of the three
/// ways it can be aligned (`user:password` in a Basic header).
fn base64_forms(value: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for offset in 0..3 {
        let mut padded = vec![0_u8; offset];
        padded.extend_from_slice(value);
        let whole = padded.len() / 3 * 3;
        let skipped = if offset == 0 { 0 } else { 4 };
        for encoded in [STANDARD_NO_PAD.encode(&padded[..whole]), URL_SAFE_NO_PAD.encode(&padded[..whole])] {
            if encoded.len() >= skipped + 2 * SHORTEST {
                forms.push(encoded[skipped..].to_owned());
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3ntinel \"qu/ted\" + ümlaut?";

    fn carriers() -> Vec<(&'static str, String)> {
        vec![
            ("raw", format!("password={SECRET};")),
            ("base64", STANDARD.encode(SECRET)),
            ("base64 of more", STANDARD.encode(format!("user:{SECRET}\n"))),
            ("base64 shifted by two", STANDARD.encode(format!("ab{SECRET}xyz"))),
            ("base64 for URLs", URL_SAFE_NO_PAD.encode(format!("x{SECRET}"))),
            ("URL-encoded", format!("postgres://u:{}@h", url_encoded(SECRET, true))),
            ("URL-encoded, small hex", url_encoded(SECRET, false)),
            ("form", url_encoded(SECRET, true).replace("%20", "+")),
            ("JSON", serde_json::json!({ "msg": format!("it is {SECRET}") }).to_string()),
        ]
    }

    /// Whether any form that a reader could turn back is left.
    fn leaks(text: &str) -> bool {
        let core = &STANDARD.encode(SECRET)[..24];
        text.contains("s3ntinel") || text.contains(core) || text.contains("czNudGluZWw")
    }

    #[test]
    fn no_form_of_a_secret_passes() {
        let redactor = Redactor::of([SECRET.as_bytes()]);
        for (form, text) in carriers() {
            let clean = redactor.clean(&text);
            assert!(clean.contains(REDACTED), "{form}: {clean}");
            assert!(!leaks(&clean), "{form}: {clean}");
        }
    }

    #[test]
    fn without_redaction_the_secret_passes() {
        let mut redactor = Redactor::off();
        redactor.learn([SECRET.as_bytes()]);
        let text = format!("password={SECRET};");
        assert!(leaks(&redactor.clean(&text)));
    }

    #[test]
    fn lines_of_a_key_file_go_one_by_one() {
        let redactor = Redactor::of([&b"-----BEGIN KEY-----\nMIIabcdefghijkl\n-----END KEY-----\n"[..]]);
        assert_eq!(redactor.clean("log: MIIabcdefghijkl"), format!("log: {REDACTED}"));
    }

    #[test]
    fn other_text_and_tiny_values_stay() {
        let redactor = Redactor::of([&b"yes"[..], b"", b"  "]);
        assert_eq!(redactor.clean("yes, everything else stays"), "yes, everything else stays");
    }

    #[test]
    fn a_value_that_holds_another_goes_as_a_whole() {
        let redactor = Redactor::of([&b"pass"[..], b"password1"]);
        assert_eq!(redactor.clean("password1"), REDACTED);
    }
}
