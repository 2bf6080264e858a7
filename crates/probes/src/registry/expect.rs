//! What an answer of a registry must be, and the first thing that is wrong with one.

use super::content::digest_of;
use crate::exchange::Response;

/// What an answer must be.
pub(super) struct Expect<'a> {
    is_status: fn(u16, u16) -> bool,
    status: u16,
    headers: Vec<(&'static str, HeaderRule)>,
    body: Option<&'a [u8]>,
    hash: Option<String>,
    size: Option<u64>,
}

/// What a header must be.
enum HeaderRule {
    Present,
    Is(String),
    IsIfPresent(String),
}

impl<'a> Expect<'a> {
    /// Exactly this status.
    pub(super) fn status(status: u16) -> Self {
        Self {
            is_status: |seen, wanted| seen == wanted,
            status,
            headers: Vec::new(),
            body: None,
            hash: None,
            size: None,
        }
    }

    /// Any 4xx.
    pub(super) fn refusal() -> Self {
        Self { is_status: |seen, _| (400..500).contains(&seen), ..Self::status(400) }
    }

    pub(super) fn has(self, name: &'static str) -> Self {
        self.rule(name, HeaderRule::Present)
    }

    pub(super) fn header(self, name: &'static str, value: &str) -> Self {
        self.rule(name, HeaderRule::Is(value.to_owned()))
    }

    /// The digest that the registry computed; it may leave it out.
    pub(super) fn digest(self, digest: &str) -> Self {
        self.rule("docker-content-digest", HeaderRule::IsIfPresent(digest.to_owned()))
    }

    /// The length of a body that is not sent; it may be left out.
    pub(super) fn length(self, length: usize) -> Self {
        self.rule("content-length", HeaderRule::IsIfPresent(length.to_string()))
    }

    pub(super) fn body(self, bytes: &'a [u8]) -> Self {
        Self { body: Some(bytes), ..self }
    }

    pub(super) fn hashed(self, digest: &str) -> Self {
        Self { hash: Some(digest.to_owned()), ..self }
    }

    pub(super) fn sized(self, size: u64) -> Self {
        Self { size: Some(size), ..self }
    }

    fn rule(mut self, name: &'static str, rule: HeaderRule) -> Self {
        self.headers.push((name, rule));
        self
    }

    /// The first thing that is wrong with an answer.
    pub(super) fn problem(&self, response: &Response) -> Option<String> {
        self.wrong_status(response)
            .or_else(|| self.headers.iter().find_map(|(name, rule)| rule.problem(name, response)))
            .or_else(|| self.wrong_body(response))
    }

    fn wrong_status(&self, response: &Response) -> Option<String> {
        if (self.is_status)(response.status, self.status) {
            return None;
        }
        let is_refusal = (self.is_status)(499, self.status);
        let wanted = if is_refusal { "a refusal (4xx)".to_owned() } else { self.status.to_string() };
        let says = excerpt(&response.body);
        Some(format!("expected {wanted}{says}"))
    }

    fn wrong_body(&self, response: &Response) -> Option<String> {
        let (seen, is_longer) = (&response.body, response.is_truncated);
        if let Some(size) = self.size.filter(|size| is_longer || *size != seen.len() as u64) {
            let more = if is_longer { "more than " } else { "" };
            return Some(format!("expected {size} bytes, got {more}{}", seen.len()));
        }
        let digest = digest_of(seen);
        if let Some(wanted) = self.hash.as_ref().filter(|wanted| is_longer || **wanted != digest) {
            return Some(format!("bytes differ: their digest is {digest}, not {wanted}"));
        }
        let wanted = self.body.filter(|wanted| is_longer || *wanted != seen.as_slice())?;
        Some(format!("bytes differ: {}", difference(wanted, seen)))
    }
}

impl HeaderRule {
    fn problem(&self, name: &str, response: &Response) -> Option<String> {
        match (self, response.headers.get(name)) {
            (Self::IsIfPresent(_), None) | (Self::Present, Some(_)) => None,
            (Self::Present, None) => Some(format!("header {name} is missing")),
            (Self::Is(value), None) => Some(format!("header {name} is missing, expected {value}")),
            (Self::Is(value) | Self::IsIfPresent(value), Some(seen)) if value == seen => None,
            (Self::Is(value) | Self::IsIfPresent(value), Some(seen)) => {
                Some(format!("header {name} is {seen}, expected {value}"))
            }
        }
    }
}

/// Where two byte strings part, short ones in full.
fn difference(wanted: &[u8], seen: &[u8]) -> String {
    if wanted.len().max(seen.len()) <= 80 {
        return format!("expected {}, got {}", String::from_utf8_lossy(wanted), String::from_utf8_lossy(seen));
    }
    let same = wanted.iter().zip(seen).take_while(|(wanted, seen)| wanted == seen).count();
    format!("from byte {same} on, {} bytes expected, {} read", wanted.len(), seen.len())
}

/// The begin of an error's body, for the reader.
fn excerpt(body: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(body).trim().chars().take(200).collect();
    if text.is_empty() { text } else { format!(", it says: {text}") }
}
