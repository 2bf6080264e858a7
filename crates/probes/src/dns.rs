//! The DNS probe: what each name resolves to here, and whether what it resolves to accepts connections.

use crate::probe::Deadline;
use crate::{failure, names, tcp};
use futures::future::join_all;
use indexmap::IndexMap;
use seatrial_observation::{DnsAnswer, DnsSpec};
use std::net::{IpAddr, SocketAddr};
use tokio::time::timeout_at;

/// Resolves all names at once; one entry a name, in the order asked.
pub(crate) async fn resolve(spec: &DnsSpec, deadline: Deadline) -> Vec<DnsAnswer> {
    join_all(spec.names.iter().map(|name| resolve_one(name, spec.port, deadline))).await
}

async fn resolve_one(name: &str, port: Option<u16>, deadline: Deadline) -> DnsAnswer {
    let found = match timeout_at(deadline.at, names::resolve(name)).await {
        Ok(found) => found.map_err(|error| error.why),
        Err(_) => Err(failure::timed_out(deadline).message),
    };
    let connected = match (&found, port) {
        (Ok(addresses), Some(port)) => connect_all(addresses, port, deadline).await,
        _ => IndexMap::new(),
    };
    let addresses = found.map(|addresses| addresses.iter().map(ToString::to_string).collect());
    DnsAnswer { name: name.to_owned(), addresses, connected }
}

async fn connect_all(addresses: &[IpAddr], port: u16, deadline: Deadline) -> IndexMap<String, Option<String>> {
    let connects = addresses.iter().map(async |address| {
        let outcome = tcp::accepts(SocketAddr::new(*address, port), deadline).await;
        (address.to_string(), outcome.err().map(|failure| failure.message))
    });
    join_all(connects).await.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server::{self, Behaviour};
    use seatrial_observation::{ProbeAnswer, ProbeSpec};
    use std::time::Duration;

    async fn ask(names: &[&str], port: Option<u16>) -> Vec<DnsAnswer> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let spec = ProbeSpec::Dns(DnsSpec { names, port });
        match crate::probe(&spec, Duration::from_secs(2)).await.result {
            Ok(ProbeAnswer::Dns { names }) => names,
            other => panic!("not a DNS answer: {other:?}"),
        }
    }

    #[tokio::test]
    async fn each_name_has_an_entry_in_order() {
        let answers = ask(&["localhost", "nobody.invalid"], None).await;
        assert_eq!(answers[0].name, "localhost");
        assert!(answers[0].addresses.as_ref().is_ok_and(|found| found.contains(&"127.0.0.1".to_owned())));
        assert_eq!(answers[1].name, "nobody.invalid");
        let why = answers[1].addresses.as_ref().expect_err("no such name");
        assert!(why.starts_with("no such name, says "), "{why}");
        assert!(answers.iter().all(|answer| answer.connected.is_empty()), "{answers:?}");
    }

    #[tokio::test]
    async fn an_address_that_accepts_is_connected() {
        let port = test_server::broken(Behaviour::Silent).await.port();
        let answers = ask(&["127.0.0.1"], Some(port)).await;
        assert_eq!(answers[0].connected, [("127.0.0.1".to_owned(), None)].into());
    }

    #[tokio::test]
    async fn an_address_that_refuses_says_so() {
        let answers = ask(&["127.0.0.1"], Some(test_server::closed_port())).await;
        let why = answers[0].connected["127.0.0.1"].as_deref().expect("refused");
        assert!(why.contains("Connection refused"), "{why}");
    }
}
