//! `tcp`: a connect.

use super::Looker;
use super::eye::may_be_denied;
use crate::run::port_of;
use seatrial_contracts::model::{PortRef, Target, TcpCheck, Vantage};
use seatrial_observation::{LookError, ProbeOutcome, ProbeSpec, Seen, TcpSpec};
use serde_json::Value;
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
        if check.failure.as_deref() == Some("refused") && outcomes[0].result.is_err() {
            outcomes.extend(self.another_port(&check.to).await?);
        }
        Ok(Seen::Probes(outcomes))
    }

    /// A connect to the other ports of the same Service, which shows that somebody is at that address: the first that is
    /// accepted, else the last. On this host's own address it would show nothing.
    async fn another_port(&self, to: &Target) -> Result<Option<ProbeOutcome>, LookError> {
        let Target::Service { name, port, .. } = to else { return Ok(None) };
        let service = self.addresses.find(name).await?;
        let mut last = None;
        for other in other_ports(&service, port.as_ref()) {
            let other = Target::Service { name: name.clone(), port: Some(PortRef::Number(other)), path: String::new() };
            let address = self.addresses.of(&other).await?;
            if address.host == "127.0.0.1" {
                return Ok(None);
            }
            let outcome = self.connect(&other, self.addresses.vantage).await?;
            let is_there = outcome.result.is_ok();
            last = Some(outcome);
            if is_there {
                break;
            }
        }
        Ok(last)
    }

    async fn connect(&self, to: &Target, vantage: &Vantage) -> Result<ProbeOutcome, LookError> {
        let address = self.addresses.seen_from(to, vantage).await?;
        let spec = ProbeSpec::Tcp(TcpSpec { host: address.host, port: address.port });
        self.probe(address.from, &spec, CONNECT).await
    }
}

/// The TCP ports of a Service but this one.
fn other_ports(service: &Value, port: Option<&PortRef>) -> Vec<u16> {
    let this = port_of(service, port).and_then(|port| port["port"].as_u64());
    let all = service.pointer("/spec/ports").and_then(Value::as_array);
    let tcp = all.into_iter().flatten().filter(|port| port["protocol"].as_str().is_none_or(|name| name == "TCP"));
    let others = tcp.filter_map(|port| port["port"].as_u64()).filter(|number| Some(*number) != this);
    others.filter_map(|number| u16::try_from(number).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_control_is_another_tcp_port_of_the_service() {
        let ports = json!([{ "name": "http", "port": 80 }, { "port": 53, "protocol": "UDP" }, { "port": 90 }]);
        let service = json!({ "spec": { "ports": ports } });
        assert_eq!(other_ports(&service, Some(&PortRef::Name("http".to_owned()))), [90]);
        assert_eq!(other_ports(&service, Some(&PortRef::Number(90))), [80]);
        assert_eq!(other_ports(&json!({}), None), Vec::<u16>::new());
    }
}
