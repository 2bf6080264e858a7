//! Values of Secrets, put in where a clause names them.

use super::Looker;
use crate::run::address::error;
use seatrial_observation::LookError;

impl Looker<'_> {
    /// Puts values of Secrets in the place of `$(secret/NAME.key)`. They are known to the redactor first.
    pub(super) async fn filled(&self, text: &str) -> Result<String, LookError> {
        let mut filled = text.to_owned();
        while let Some((before, rest)) = filled.split_once("$(secret/") {
            let Some((reference, after)) = rest.split_once(')') else { break };
            let value = self.secret(reference).await?;
            filled = format!("{before}{value}{after}");
        }
        Ok(filled)
    }

    async fn secret(&self, reference: &str) -> Result<String, LookError> {
        let missing = || error(format!("$(secret/{reference}): there is no such Secret or key"));
        let (name, key) = reference.split_once('.').ok_or_else(missing)?;
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        let secret = site.objects.get("Secret", namespace, name).await?;
        let secret = secret.ok_or_else(missing)?;
        site.evidence.learn_rendered(std::slice::from_ref(&secret));
        let encoded = secret["data"][key].as_str().ok_or_else(missing)?;
        let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded);
        String::from_utf8(decoded.map_err(|_| missing())?).map_err(|_| missing())
    }
}
