//! Which way a probe goes: the URL that it asks for, the address that it dials, and whom its TLS trusts.

use super::Looker;
use crate::run::address::{Address, error};
use seatrial_contracts::model::{Tls, Trust};
use seatrial_observation::{LookError, Way};
use serde_json::Value;

impl Looker<'_> {
    /// The URL and the way there. A name that is asked for in the place of the address's own is dialled at the address.
    pub(super) async fn way(
        &self,
        address: &Address,
        scheme: Option<&str>,
        host: Option<&str>,
        tls: Option<&Tls>,
    ) -> Result<(String, Way), LookError> {
        let path = if address.path.is_empty() { "/" } else { &address.path };
        let path = self.filled(path).await?;
        let by_tls = tls.map(|_| "https");
        let scheme = scheme.or(by_tls).or(address.scheme).unwrap_or("http");
        let name = tls.and_then(|tls| tls.server_name.as_deref()).or(host).or(address.name.as_deref());
        let port = address.port_of(scheme);
        let trust = match tls.and_then(|tls| tls.trust.as_ref()) {
            Some(trust) => Some(self.trusted(trust).await?),
            None => None,
        };
        let dialled = format!("{}:{port}", address.host);
        Ok(match name {
            None => (format!("{scheme}://{dialled}{path}"), Way { dial: None, trust }),
            Some(name) => (format!("{scheme}://{name}{path}"), Way { dial: Some(dialled), trust }),
        })
    }

    /// The certificates of whom is trusted (PEM).
    pub(super) async fn trusted(&self, trust: &Trust) -> Result<String, LookError> {
        let (kind, name, key) = match trust {
            Trust::Pem(pem) => return Ok(pem.clone()),
            Trust::Secret { name, key } => ("Secret", name, key),
            Trust::ConfigMap { name, key } => ("ConfigMap", name, key),
        };
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        let object = site.objects.get(kind, namespace, name).await?;
        let object = object.ok_or_else(|| error(format!("tls.trust: there is no {kind} {name}")))?;
        let keys = key.as_deref().map_or_else(|| vec!["ca.crt", "tls.crt"], |key| vec![key]);
        let found = keys.iter().find_map(|key| value(&object, key));
        found.ok_or_else(|| error(format!("tls.trust: {kind} {name} has no {}", keys.join(" and no "))))
    }
}

/// A value of a Secret or a `ConfigMap`. A certificate is no secret, wherever it is kept.
pub(super) fn value(object: &Value, key: &str) -> Option<String> {
    let text = object["data"][key].as_str()?;
    if object["kind"] == "ConfigMap" {
        return Some(text.to_owned());
    }
    let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).ok()?;
    String::from_utf8(decoded).ok()
}
