//! Redaction of what comes in pieces: a secret that is cut in two by them is found all the same, because the end of a
//! piece is held back as long as it may be the beginning of one.

use super::Redactor;

/// The end of a stream that is not let through yet.
#[derive(Debug, Default)]
pub(crate) struct Pieces(Vec<u8>);

impl Pieces {
    /// What is certain after one more piece, clean.
    pub(crate) fn push(&mut self, redactor: &Redactor, piece: &[u8]) -> String {
        self.0.extend_from_slice(piece);
        let open = open_character(&self.0);
        let rest = self.0.split_off(self.0.len() - open);
        let text = String::from_utf8_lossy(&self.0).into_owned();
        let end = redactor.certain(&text);
        self.0 = [&text.as_bytes()[end..], &rest].concat();
        redactor.clean(&text[..end])
    }

    /// What is left when nothing more comes.
    pub(crate) fn end(self, redactor: &Redactor) -> String {
        redactor.clean(&String::from_utf8_lossy(&self.0))
    }
}

/// How many bytes at the end are a character of which the rest is to come.
fn open_character(bytes: &[u8]) -> usize {
    let is_open = |count: &usize| {
        let last = bytes.len().checked_sub(*count).map(|start| &bytes[start..]);
        last.and_then(|last| std::str::from_utf8(last).err())
            .is_some_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (1..4).find(is_open).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::REDACTED;

    const SECRETS: [&str; 3] = ["pass", "password-ümlaut-1", "umlaut-and-pass"];

    fn redactor() -> Redactor {
        Redactor::of(SECRETS.iter().map(|secret| secret.as_bytes()))
    }

    /// The text in pieces of so many bytes.
    fn strained(text: &str, size: usize, redactor: &Redactor) -> String {
        let mut pieces = Pieces::default();
        let through: String = text.as_bytes().chunks(size).map(|piece| pieces.push(redactor, piece)).collect();
        through + &pieces.end(redactor)
    }

    #[test]
    fn a_secret_is_found_wherever_it_is_cut() {
        let text = "begin password-ümlaut-1 ö middle umlaut-and-password-ümlaut-1, pass and past\nend";
        for size in 1..=text.len() {
            let clean = strained(text, size, &redactor());
            assert!(SECRETS.iter().all(|secret| !clean.contains(secret)), "{size}: {clean}");
            assert!(clean.starts_with(&format!("begin {REDACTED} ö middle ")), "{size}: {clean}");
            assert!(clean.ends_with(" and past\nend"), "{size}: {clean}");
        }
    }

    /// The control: cleaned piece by piece, a secret that is cut passes.
    #[test]
    fn without_holding_back_it_passes() {
        let redactor = redactor();
        let cut = ["begin password-üm", "laut-1 end"].map(|piece| redactor.clean(piece)).concat();
        assert!(cut.contains("word-ümlaut-1"), "{cut}");
    }

    #[test]
    fn other_text_is_let_through_at_once_whatever_its_bytes() {
        let mut pieces = Pieces::default();
        assert_eq!(pieces.push(&redactor(), b"a line\n"), "a line\n");
        assert_eq!(pieces.push(&redactor(), b"\xffodd\n"), "\u{fffd}odd\n");
        assert_eq!(pieces.push(&redactor(), b"pas"), "", "it may become a secret");
        assert_eq!(pieces.push(&redactor(), b"t\n"), "past\n");
        assert_eq!(pieces.end(&redactor()), "");
    }
}
