//! `tcp`: a connect.

use super::Looker;
use super::eye::may_be_denied;
use seatrial_contracts::model::{Target, TcpCheck, Vantage};
use seatrial_observation::{LookError, ProbeOutcome, ProbeSpec, Seen, TcpSpec};
use std::time::Duration;

/// How long a TCP connect may take. One that began before kube-proxy wrote its rules is never answered, not even when
/// the kernel sends it again: only a new one tells.
const CONNECT: Duration = Duration::from_secs(1);

impl Looker<'_> {
    pub(super) async fn tcp(&self, check: &TcpCheck) -> Result<Seen, LookError> {
        let mut outcomes = vec![self.connect(&check.to, self.addresses.vantage).await?];
        if may_be_denied(check.failure.as_deref(), &outcomes[0]) {
            outcomes.push(self.connect(&check.to, self.control()).await?);
        }
        Ok(Seen::Probes(outcomes))
    }

    async fn connect(&self, to: &Target, vantage: &Vantage) -> Result<ProbeOutcome, LookError> {
        let address = self.addresses.seen_from(to, vantage).await?;
        let spec = ProbeSpec::Tcp(TcpSpec { host: address.host, port: address.port });
        self.probe(address.from, &spec, CONNECT).await
    }
}
