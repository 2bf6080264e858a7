//! `dns`: what the names of a Service are in the cluster.

use super::{Looker, PROBE};
use crate::readiness::name_of;
use crate::run::address::{From, error};
use seatrial_contracts::model::Target;
use seatrial_observation::{DnsSpec, LookError, ProbeSpec, Seen};

impl Looker<'_> {
    /// A Service by its three names: short, with its namespace, and in full.
    pub(super) async fn dns(&self, targets: &[Target]) -> Result<Seen, LookError> {
        let mut outcomes = Vec::new();
        for target in targets {
            let (from, spec) = self.dns_spec(target).await?;
            outcomes.push(self.probe(from, &spec, PROBE).await?);
        }
        Ok(Seen::Probes(outcomes))
    }

    pub(super) async fn dns_spec(&self, target: &Target) -> Result<(From, ProbeSpec), LookError> {
        let address = self.addresses.of(target).await?;
        let Target::Service { name, .. } = target else {
            return Err(error(format!("{target} has no name in the cluster's DNS")));
        };
        let service = self.addresses.find(name).await?;
        let (name, namespace) = (name_of(&service).to_owned(), self.targets.stage.namespace());
        let names = vec![name.clone(), format!("{name}.{namespace}"), format!("{name}.{namespace}.svc.cluster.local")];
        let from = if address.from == From::Eye { From::Eye } else { From::Pod };
        Ok((from, ProbeSpec::Dns(DnsSpec { names, port: Some(address.port) })))
    }
}
