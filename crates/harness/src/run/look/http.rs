//! `http`: a session of steps, from one vantage.

use super::eye::may_be_denied;
use super::{Looker, PROBE};
use crate::run::address::Address;
use indexmap::IndexMap;
use seatrial_contracts::model::HttpStep;
use seatrial_observation::{HttpAnswer, HttpSpec, LookError, ProbeAnswer, ProbeOutcome, ProbeSpec, Seen};

impl Looker<'_> {
    /// A session: cookies are kept, and the first step that fails to answer ends it.
    pub(super) async fn http(&self, steps: &[HttpStep]) -> Result<Seen, LookError> {
        let mut outcomes: Vec<ProbeOutcome> = Vec::new();
        let mut cookies = IndexMap::new();
        let mut controls = Vec::new();
        for step in steps {
            let address = self.addresses.of(&step.to).await?;
            let spec = self.http_spec(step, &address, &cookies).await?;
            let outcome = self.probe(address.from, &ProbeSpec::Http(spec), PROBE).await?;
            let is_over = match &outcome.result {
                Ok(ProbeAnswer::Http(answer)) => {
                    keep_cookies(answer, &mut cookies);
                    false
                }
                _ => step.failure.is_none(),
            };
            if may_be_denied(step.failure.as_deref(), &outcome) {
                let address = self.addresses.seen_from(&step.to, self.control()).await?;
                let spec = self.http_spec(step, &address, &cookies).await?;
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

    pub(super) async fn http_spec(
        &self,
        step: &HttpStep,
        address: &Address,
        cookies: &IndexMap<String, String>,
    ) -> Result<HttpSpec, LookError> {
        let mut headers = IndexMap::new();
        for (name, value) in &step.headers {
            headers.insert(name.clone(), self.filled(value).await?);
        }
        if !cookies.is_empty() {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.insert("cookie".to_owned(), pairs.join("; "));
        }
        let body = match &step.body {
            Some(body) => Some(self.filled(body).await?),
            None => None,
        };
        let path = if address.path.is_empty() { "/" } else { &address.path };
        let url = format!("{}{}", address.base(), self.filled(path).await?);
        Ok(HttpSpec { method: step.method.clone(), url, headers, body })
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
        let answer = HttpAnswer { status: 200, headers: headers.into(), body: String::new(), is_truncated: false };
        let mut cookies = IndexMap::new();
        keep_cookies(&answer, &mut cookies);
        assert_eq!(cookies, IndexMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]));
    }
}
