//! Values of Secrets, put in where a contract names them: what a need gives may lie in a Secret that was made for it.

use crate::release::Site;
use crate::release::Stage;
use indexmap::IndexMap;

impl Site {
    /// Puts values of Secrets of a namespace in the place of `$(secret/NAME.key)`. They are known to the redactor first.
    pub(crate) async fn filled(&self, namespace: &str, text: &str) -> Result<String, String> {
        let mut filled = text.to_owned();
        while let Some((before, rest)) = filled.split_once("$(secret/") {
            let Some((reference, after)) = rest.split_once(')') else { break };
            let value = self.secret_value(namespace, reference).await?;
            filled = format!("{before}{value}{after}");
        }
        Ok(filled)
    }

    /// The same for each value of a map.
    pub(super) async fn all_filled(
        &self,
        stage: &Stage<'_>,
        texts: &IndexMap<String, String>,
    ) -> Result<IndexMap<String, String>, String> {
        let mut all = IndexMap::new();
        for (key, text) in texts {
            all.insert(key.clone(), self.filled(stage.namespace(), text).await?);
        }
        Ok(all)
    }

    async fn secret_value(&self, namespace: &str, reference: &str) -> Result<String, String> {
        let missing = || format!("$(secret/{reference}): there is no such Secret or key");
        let (name, key) = reference.split_once('.').ok_or_else(missing)?;
        let secret = self.objects.get("Secret", namespace, name).await.map_err(|refused| refused.to_string())?;
        let secret = secret.ok_or_else(missing)?;
        self.evidence.learn_rendered(std::slice::from_ref(&secret));
        let encoded = secret["data"][key].as_str().ok_or_else(missing)?;
        let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded);
        String::from_utf8(decoded.map_err(|_| missing())?).map_err(|_| missing())
    }
}
