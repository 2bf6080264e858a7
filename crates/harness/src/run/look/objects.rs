//! `object`, `restarts`, `leaves`: objects as the API server has them.

use super::Looker;
use crate::run::address::error;
use seatrial_contracts::model::Target;
use seatrial_observation::{Found, LookError, Seen};

impl Looker<'_> {
    pub(super) async fn found(&self, targets: impl Iterator<Item = &Target>) -> Result<Seen, LookError> {
        let mut found = Vec::new();
        for target in targets {
            found.push(Found { target: target.to_string(), objects: self.targets.objects(target).await? });
        }
        Ok(Seen::Objects(found))
    }

    pub(super) async fn pods(&self, targets: impl Iterator<Item = &Target>) -> Result<Seen, LookError> {
        let mut found = Vec::new();
        for target in targets {
            found.push(Found { target: target.to_string(), objects: self.targets.pods(target).await? });
        }
        Ok(Seen::Objects(found))
    }

    pub(super) async fn left(&self) -> Result<Seen, LookError> {
        let left = self.targets.site.left(&self.targets.stage).await.map_err(|refused| error(refused.to_string()))?;
        let objects = left.into_iter().map(crate::evidence::masked).collect();
        Ok(Seen::Objects(vec![Found { target: "release".to_owned(), objects }]))
    }
}
