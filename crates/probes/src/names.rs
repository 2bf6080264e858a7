//! Names to addresses with the resolver of where the probe runs: `/etc/hosts`, then the name servers, search list
//! and `ndots` of `/etc/resolv.conf`. Read anew for each look-up and without a cache, so that each look sees the
//! name as it is now; without libc's resolver, which a static binary does not have.

use hickory_resolver::config::{LookupIpStrategy, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{IntoName, Name, RecordType};
use hickory_resolver::{Hosts, Resolver, TokioResolver, system_conf};
use std::net::IpAddr;

/// Why a name has no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("name {name} does not resolve: {why}")]
pub(crate) struct NameError {
    /// The name as asked.
    pub(crate) name: String,
    /// What the resolver said.
    pub(crate) why: String,
}

/// The addresses of a name as asked (the search list applies), IPv4 first; an address stands for itself.
pub(crate) async fn resolve(name: &str) -> Result<Vec<IpAddr>, NameError> {
    if let Ok(address) = name.trim_matches(['[', ']']).parse() {
        return Ok(vec![address]);
    }
    let because = |why: String| NameError { name: name.to_owned(), why };
    let asked = name.into_name().map_err(|error| because(format!("it is no DNS name ({error})")))?;
    if let Some(addresses) = in_hosts_file(&asked) {
        return Ok(addresses);
    }
    let (config, options) =
        system_conf::read_system_conf().map_err(|error| because(format!("no resolver: {error}")))?;
    ask(asked, config, options).await.map_err(because)
}

fn in_hosts_file(name: &Name) -> Option<Vec<IpAddr>> {
    let hosts = Hosts::from_system().ok()?;
    let addresses: Vec<IpAddr> = [RecordType::A, RecordType::AAAA]
        .into_iter()
        .filter_map(|kind| hosts.lookup_static_host(&Query::query(name.clone(), kind)))
        .flat_map(|lookup| lookup.answers().iter().filter_map(|record| record.data.ip_addr()).collect::<Vec<_>>())
        .collect();
    (!addresses.is_empty()).then_some(addresses)
}

async fn ask(name: Name, config: ResolverConfig, options: ResolverOpts) -> Result<Vec<IpAddr>, String> {
    let servers: Vec<String> = config.name_servers().iter().map(|server| server.ip.to_string()).collect();
    let explain = |error: &NetError| explain(error, &servers.join(", "));
    let resolver = resolver(config, options).map_err(|error| explain(&error))?;
    let found = resolver.lookup_ip(name).await.map_err(|error| explain(&error))?;
    let addresses: Vec<IpAddr> = found.iter().collect();
    if addresses.is_empty() { Err("it has no address".to_owned()) } else { Ok(addresses) }
}

fn resolver(config: ResolverConfig, mut options: ResolverOpts) -> Result<TokioResolver, NetError> {
    options.cache_size = 0;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    Resolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options).build()
}

fn explain(error: &NetError, servers: &str) -> String {
    if error.is_nx_domain() {
        format!("no such name, says {servers}")
    } else if error.is_no_records_found() {
        format!("it has no address, says {servers}")
    } else {
        format!("asking {servers}: {error}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::proto::op::{Message, ResponseCode};
    use hickory_resolver::proto::rr::{RData, Record, rdata};
    use std::net::Ipv4Addr;
    use std::sync::{Arc, Mutex};
    use tokio::net::UdpSocket;

    /// A name server that knows one name; it remembers what it was asked.
    async fn name_server(known: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
        let port = socket.local_addr().expect("address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((size, peer)) = socket.recv_from(&mut buffer).await {
                let query = Message::from_vec(&buffer[..size]).expect("query");
                let name = query.queries[0].name().to_ascii();
                let kind = query.queries[0].query_type();
                if kind == RecordType::A {
                    log.lock().expect("log").push(name.clone());
                }
                let answer = answer(query, kind, name == known);
                socket.send_to(&answer.to_vec().expect("answer"), peer).await.expect("send");
            }
        });
        (port, asked)
    }

    fn answer(query: Message, kind: RecordType, is_known: bool) -> Message {
        let name = query.queries[0].name().clone();
        let mut answer = query.into_response();
        if !is_known {
            answer.metadata.response_code = ResponseCode::NXDomain;
        } else if kind == RecordType::A {
            let address = RData::A(rdata::A(Ipv4Addr::new(10, 96, 0, 7)));
            answer.add_answer(Record::from_rdata(name, 30, address));
        }
        answer
    }

    /// Resolves with the resolver of a pod in namespace `shop`, its name server on `port`.
    async fn resolve_in_pod(name: &str, port: u16) -> Result<Vec<IpAddr>, String> {
        let text = "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 127.0.0.1\n\
                    options ndots:5 timeout:1 attempts:1\n";
        let (config, options) = system_conf::parse_resolv_conf(text).expect("resolv.conf");
        let mut servers = config.name_servers().to_vec();
        for connection in servers.iter_mut().flat_map(|server| &mut server.connections) {
            connection.port = port;
        }
        let config = ResolverConfig::from_parts(None, config.search().to_vec(), servers);
        ask(name.into_name().expect("name"), config, options).await
    }

    async fn check(name: &str, asked: &[&str], expected: Result<&str, &str>) {
        let (port, log) = name_server("web.shop.svc.cluster.local.").await;
        let seen = resolve_in_pod(name, port).await;
        assert_eq!(*log.lock().expect("log"), asked);
        assert_eq!(seen, expected.map(|ip| vec![ip.parse().expect("ip")]).map_err(str::to_owned));
    }

    #[tokio::test]
    async fn the_short_name_goes_through_the_search_list() {
        check("web", &["web.shop.svc.cluster.local."], Ok("10.96.0.7")).await;
    }

    #[tokio::test]
    async fn a_name_with_its_namespace_goes_through_the_search_list() {
        let asked = ["web.shop.shop.svc.cluster.local.", "web.shop.svc.cluster.local."];
        check("web.shop", &asked, Ok("10.96.0.7")).await;
    }

    #[tokio::test]
    async fn a_final_dot_stops_the_search() {
        check("web.shop.svc.cluster.local.", &["web.shop.svc.cluster.local."], Ok("10.96.0.7")).await;
        check("web.", &["web."], Err("no such name, says 127.0.0.1")).await;
    }

    #[tokio::test]
    async fn a_name_that_nobody_knows_was_asked_everywhere() {
        let asked = ["db.shop.svc.cluster.local.", "db.svc.cluster.local.", "db.cluster.local.", "db."];
        check("db", &asked, Err("no such name, says 127.0.0.1")).await;
    }

    #[tokio::test]
    async fn a_name_server_that_is_not_there_is_named() {
        let port = crate::test_server::closed_port();
        let why = resolve_in_pod("web.", port).await.expect_err("nobody answers");
        assert!(why.starts_with("asking 127.0.0.1: "), "{why}");
    }

    #[tokio::test]
    async fn an_address_and_localhost_need_no_name_server() {
        assert_eq!(resolve("10.1.2.3").await, Ok(vec!["10.1.2.3".parse().expect("ip")]));
        assert_eq!(resolve("[::1]").await, Ok(vec!["::1".parse().expect("ip")]));
        assert_eq!(resolve("localhost").await.expect("localhost")[0], IpAddr::V4(Ipv4Addr::LOCALHOST));
    }

    #[tokio::test]
    async fn what_can_be_no_name_is_refused() {
        let error = resolve(&"x".repeat(64)).await.expect_err("label too long");
        assert!(error.why.starts_with("it is no DNS name"), "{error}");
    }
}
