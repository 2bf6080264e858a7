//! The one probe of a check, for who repeats it.

use super::Looker;
use super::http::Session;
use crate::run::address::{From, error};
use seatrial_contracts::model::Check;
use seatrial_observation::{LookError, ProbeSpec, TcpSpec};

impl Looker<'_> {
    /// The probe, and from where it looks.
    pub(in crate::run) async fn single(&self, check: &Check) -> Result<(From, ProbeSpec), LookError> {
        match check {
            Check::Http(http) if http.0.len() == 1 => {
                let address = self.addresses.of(&http.0[0].to).await?;
                let spec = self.http_spec(&http.0[0], &address, &Session::default()).await?;
                Ok((address.from, ProbeSpec::Http(spec)))
            }
            Check::Tcp(tcp) => {
                let address = self.addresses.of(&tcp.to).await?;
                Ok((address.from, ProbeSpec::Tcp(TcpSpec { host: address.host, port: address.port })))
            }
            Check::Dns(targets) if targets.len() == 1 => self.dns_spec(&targets[0]).await,
            _ => Err(error("this check is no single probe".to_owned())),
        }
    }
}
