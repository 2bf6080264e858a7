//! Values of Secrets, put in where a clause names them.

use super::Looker;
use crate::run::address::error;
use seatrial_observation::LookError;

impl Looker<'_> {
    /// Puts values of Secrets in the place of `$(secret/NAME.key)`. They are known to the redactor first.
    pub(super) async fn filled(&self, text: &str) -> Result<String, LookError> {
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        site.filled(namespace, text).await.map_err(error)
    }
}
