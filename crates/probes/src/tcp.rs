//! The TCP probe: one connect.

use crate::names;
use crate::probe::Deadline;
use crate::{failure, probe};
use seatrial_observation::{ProbeAnswer, ProbeFailure, TcpSpec};
use std::net::{IpAddr, SocketAddr};
use tokio::net::TcpStream;
use tokio::time::timeout_at;

/// Connects, and closes the connection at once.
pub(crate) async fn connect(spec: &TcpSpec, deadline: Deadline) -> Result<ProbeAnswer, ProbeFailure> {
    timeout_at(deadline.at, first_of(spec)).await.unwrap_or_else(|_| Err(failure::timed_out(deadline)))
}

/// Connects to one address of a name.
pub(crate) async fn accepts(address: SocketAddr, deadline: probe::Deadline) -> Result<(), ProbeFailure> {
    timeout_at(deadline.at, open(address)).await.unwrap_or_else(|_| Err(failure::timed_out(deadline)))
}

/// The first address that accepts; where none does, the failure of the first.
async fn first_of(spec: &TcpSpec) -> Result<ProbeAnswer, ProbeFailure> {
    let addresses: Vec<IpAddr> = names::resolve(&spec.host).await.map_err(|error| failure::of_error(&error))?;
    let mut first_failure = None;
    for address in addresses {
        let peer = SocketAddr::new(address, spec.port);
        match open(peer).await {
            Ok(()) => return Ok(ProbeAnswer::Tcp { peer: peer.to_string() }),
            Err(failure) => first_failure = first_failure.or(Some(failure)),
        }
    }
    Err(first_failure.unwrap_or_else(|| failure::protocol("the name has no address")))
}

async fn open(address: SocketAddr) -> Result<(), ProbeFailure> {
    match TcpStream::connect(address).await {
        Ok(_) => Ok(()),
        Err(error) => {
            let failure = failure::of_error(&error);
            Err(ProbeFailure { message: format!("{address}: {}", failure.message), ..failure })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server::{self, Behaviour};
    use seatrial_observation::{FailureKind, ProbeSpec};
    use std::time::Duration;

    async fn ask(host: &str, port: u16) -> Result<ProbeAnswer, ProbeFailure> {
        let spec = ProbeSpec::Tcp(TcpSpec { host: host.to_owned(), port });
        crate::probe(&spec, Duration::from_millis(500)).await.result
    }

    #[tokio::test]
    async fn an_open_port_accepts() {
        let address = test_server::broken(Behaviour::Silent).await;
        let peer = ProbeAnswer::Tcp { peer: address.to_string() };
        assert_eq!(ask("127.0.0.1", address.port()).await, Ok(peer.clone()));
        assert_eq!(ask("localhost", address.port()).await, Ok(peer));
    }

    #[tokio::test]
    async fn a_closed_port_refuses() {
        let failure = ask("127.0.0.1", test_server::closed_port()).await.expect_err("refused");
        assert_eq!(failure.kind, FailureKind::Refused);
        assert!(failure.message.contains("Connection refused"), "{failure:?}");
    }

    #[tokio::test]
    async fn a_full_queue_times_out() {
        let full = test_server::full().await;
        let failure = ask("127.0.0.1", full.port()).await.expect_err("nobody accepts");
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::TimedOut, "no answer within 0.5 s"));
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_named() {
        let failure = ask("nobody.invalid", 80).await.expect_err("no name");
        assert_eq!(failure.kind, FailureKind::Name);
        assert!(failure.message.starts_with("name nobody.invalid does not resolve"), "{failure:?}");
    }
}
