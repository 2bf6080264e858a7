//! `tcp`: a connect.

use super::Looker;
use seatrial_contracts::model::Target;
use seatrial_observation::{LookError, ProbeSpec, Seen, TcpSpec};
use std::time::Duration;

/// How long a TCP connect may take. One that began before kube-proxy wrote its rules is never answered, not even when
/// the kernel sends it again: only a new one tells.
const CONNECT: Duration = Duration::from_secs(1);

impl Looker<'_> {
    pub(super) async fn tcp(&self, target: &Target) -> Result<Seen, LookError> {
        let address = self.addresses.of(target).await?;
        let spec = ProbeSpec::Tcp(TcpSpec { host: address.host, port: address.port });
        Ok(Seen::Probes(vec![self.probe(address.from, &spec, CONNECT).await?]))
    }
}
