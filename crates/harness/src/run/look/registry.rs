//! `registry`: a talk with a registry, and the pushes that prepare one.

use super::Looker;
use crate::run::address::error;
use seatrial_contracts::model::{RegistryCheck, RegistryTalk, Target};
use seatrial_observation::{LookError, ProbeOutcome, ProbeSpec, RegistryAction, RegistrySpec, Seen};
use std::time::Duration;

/// How long a talk of many steps may take.
const TALK: Duration = Duration::from_secs(20);

impl Looker<'_> {
    pub(super) async fn registry(&self, check: &RegistryCheck) -> Result<Seen, LookError> {
        let action = match &check.talk {
            RegistryTalk::RoundTrip => RegistryAction::RoundTrip,
            RegistryTalk::Pull { name, seed } => {
                let seed = seed.as_ref().or_else(|| self.seeds.get(name)).cloned();
                RegistryAction::Pull(seed.ok_or_else(|| error(format!("nothing was pushed as `{name}`")))?)
            }
        };
        Ok(Seen::Probes(vec![self.talk(&check.at, action).await?]))
    }

    pub(in crate::run) async fn talk(&self, at: &Target, action: RegistryAction) -> Result<ProbeOutcome, LookError> {
        let address = self.addresses.of(at).await?;
        let spec = ProbeSpec::Registry(RegistrySpec { base: address.base(), action });
        self.probe(address.from, &spec, TALK).await
    }
}
