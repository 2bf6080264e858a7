//! `ready`: what the watches of the release say.

use super::Looker;
use crate::readiness::{self, History};
use crate::release::Mirror;
use crate::run::targets::chosen;
use seatrial_contracts::model::ReadyOf;
use seatrial_observation::{LookError, ObjectLook, Seen};
use std::time::Instant;

impl Looker<'_> {
    pub(super) async fn ready(&mut self, of: &ReadyOf) -> Result<Seen, LookError> {
        Ok(Seen::Readiness(self.readiness(of).await?))
    }

    async fn readiness(&mut self, of: &ReadyOf) -> Result<Vec<ObjectLook>, LookError> {
        let judged = self.targets.stage.judged();
        let wanted = match of {
            ReadyOf::Release => judged.clone(),
            ReadyOf::Targets(targets) => chosen(judged.clone(), targets),
        };
        if self.mirror.is_none() {
            let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
            let opened = Mirror::open(&site.objects, namespace, &judged).await?;
            self.mirror = Some((opened, History::default(), Instant::now()));
        }
        let Some((mirror, history, start)) = &mut self.mirror else { return Ok(Vec::new()) };
        Ok(readiness::release(&wanted, &mirror.snapshot(), history, start.elapsed(), self.tolerates))
    }
}
