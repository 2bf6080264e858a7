//! `http`: a session of steps, from one vantage.

use super::eye::may_be_denied;
use super::{Looker, PROBE};
use crate::run::address::Address;
use indexmap::IndexMap;
use seatrial_contracts::judge;
use seatrial_contracts::model::{HttpStep, filled_body, filled_text};
use seatrial_observation::{HttpAnswer, HttpSpec, LookError, ProbeAnswer, ProbeOutcome, ProbeSpec, Seen};
use seatrial_probes::wait;
use serde_json::Value;
use std::time::{Duration, Instant};

/// The pause before a step that promises a time is asked again.
const AGAIN: Duration = Duration::from_millis(100);

impl Looker<'_> {
    /// A session: cookies are kept, and the first step that fails to answer ends it.
    pub(super) async fn http(&self, steps: &[HttpStep]) -> Result<Seen, LookError> {
        let mut outcomes: Vec<ProbeOutcome> = Vec::new();
        let mut session = Session::default();
        let mut controls = Vec::new();
        for step in steps {
            let outcome = self.asked(step, &session).await?;
            let is_over = match &outcome.result {
                Ok(ProbeAnswer::Http(answer)) => {
                    keep_cookies(answer, &mut session.cookies);
                    session.saved.extend(judge::saved(step, answer).unwrap_or_default());
                    false
                }
                _ => step.failure.is_none(),
            };
            if may_be_denied(step.failure.as_deref(), &outcome) {
                let address = self.addresses.seen_from(&step.to, self.control()).await?;
                let spec = self.http_spec(step, &address, &session).await?;
                controls.push(self.probe(address.from, &ProbeSpec::Http(spec), PROBE).await?);
            }
            outcomes.push(outcome);
            if is_over {
                break;
            }
        }
        // Behind all steps, one a denied one.
        outcomes.extend(controls);
        Ok(Seen::Probes(outcomes))
    }

    /// The answer to a step; where it promises a time, it is asked again until it is as promised.
    async fn asked(&self, step: &HttpStep, session: &Session) -> Result<ProbeOutcome, LookError> {
        let started = Instant::now();
        loop {
            let address = self.addresses.of(&step.to).await?;
            let spec = self.http_spec(step, &address, session).await?;
            let outcome = self.probe(address.from, &ProbeSpec::Http(spec), PROBE).await?;
            let Some(limit) = step.within else { return Ok(outcome) };
            let took_ms = started.elapsed().as_secs_f64() * 1e3;
            if judge::is_as_promised(step, &session.saved, &outcome) || started.elapsed() >= limit {
                return Ok(ProbeOutcome { took_ms, ..outcome });
            }
            wait::pause(AGAIN).await;
        }
    }

    pub(super) async fn http_spec(
        &self,
        step: &HttpStep,
        address: &Address,
        session: &Session,
    ) -> Result<HttpSpec, LookError> {
        let (url, way) = self.way(address, step.scheme.as_deref(), step.host.as_deref(), step.tls.as_ref()).await?;
        let url = session.filled(&url);
        let cookies = &session.cookies;
        let mut headers = IndexMap::new();
        for (name, value) in &step.headers {
            headers.insert(name.clone(), session.filled(&self.filled(value).await?));
        }
        if !cookies.is_empty() {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.insert("cookie".to_owned(), pairs.join("; "));
        }
        let body = match &step.body {
            Some(body) => Some(session.filled_body(&self.filled(body).await?)),
            None => None,
        };
        Ok(HttpSpec { method: step.method.clone(), url, headers, body, way })
    }
}

/// What a session carries from step to step.
#[derive(Clone, Debug, Default)]
pub(in crate::run) struct Session {
    cookies: IndexMap<String, String>,
    saved: IndexMap<String, Value>,
}

impl Session {
    fn filled(&self, text: &str) -> String {
        filled_text(text, &|name| self.look_up(name))
    }

    fn filled_body(&self, body: &str) -> String {
        filled_body(body, &|name| self.look_up(name))
    }

    fn look_up(&self, name: &str) -> Option<Value> {
        self.saved.get(name.strip_prefix("saved.")?).cloned()
    }
}

/// `set-cookie` of an answer; repeated ones are joined by `, ` and each begins with `name=value`.
pub(in crate::run) fn keep_cookies(answer: &HttpAnswer, cookies: &mut IndexMap<String, String>) {
    let Some(header) = answer.headers.get("set-cookie") else { return };
    for cookie in header.split(", ") {
        let pair = cookie.split(';').next().unwrap_or_default();
        if let Some((name, value)) = pair.split_once('=').filter(|(name, _)| !name.contains(' ')) {
            cookies.insert(name.trim().to_owned(), value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_of_a_session_are_kept() {
        let headers = [("set-cookie".to_owned(), "a=1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT, b=2".to_owned())];
        let answer = HttpAnswer {
            status: 200,
            headers: headers.into(),
            body: String::new(),
            is_truncated: false,
            certificate: None,
        };
        let mut cookies = IndexMap::new();
        keep_cookies(&answer, &mut cookies);
        assert_eq!(cookies, IndexMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]));
    }

    #[test]
    fn what_a_session_saved_keeps_its_type_in_json() {
        let saved = [("id".to_owned(), Value::from(7)), ("name".to_owned(), Value::from("a\"b"))];
        let session = Session { saved: saved.into(), ..Session::default() };
        let body = r#"{"id":"$(saved.id)","name":"$(saved.name)","text":"item $(saved.id)","other":"$(saved.x)"}"#;
        let filled = r#"{"id":7,"name":"a\"b","text":"item 7","other":"$(saved.x)"}"#;
        assert_eq!(session.filled_body(body), filled);
        assert_eq!(session.filled("/items/$(saved.id)"), "/items/7");
        assert_eq!(session.filled_body("plain $(saved.id)"), "plain 7");
    }
}
