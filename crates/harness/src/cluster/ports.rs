//! The ports of a node on this host, as the engine gave them.

use std::collections::BTreeMap;

/// Node port → port on 127.0.0.1, from what `docker port` prints (`30500/tcp -> 127.0.0.1:49153`).
pub(super) fn host_ports(text: &str) -> BTreeMap<u16, u16> {
    text.lines().filter_map(host_port).filter(|(inside, _)| *inside != API_SERVER).collect()
}

/// The API server's own mapping is no node port.
const API_SERVER: u16 = 6443;

fn host_port(line: &str) -> Option<(u16, u16)> {
    let (inside, outside) = line.split_once("->")?;
    let inside = inside.trim().strip_suffix("/tcp")?.parse().ok()?;
    let outside = outside.trim().rsplit_once(':')?.1.parse().ok()?;
    Some((inside, outside))
}

/// The port that an engine's error message says is taken.
pub(crate) fn port_in_use(message: &str) -> Option<String> {
    let line = message
        .lines()
        .find(|line| line.contains("port is already allocated") || line.contains("address already in use"))?;
    // `Bind for 127.0.0.1:5000 failed: …`, `listen tcp4 127.0.0.1:5000: bind: …`
    let address =
        line.split_whitespace().rev().find(|word| word.contains("127.0.0.1:") || word.contains("0.0.0.0:"))?;
    let port: String = address.split(':').nth(1)?.chars().take_while(char::is_ascii_digit).collect();
    (!port.is_empty()).then_some(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_without_the_api_server() {
        let text = "6443/tcp -> 127.0.0.1:49154\n30500/tcp -> 127.0.0.1:49153\n30053/udp -> 127.0.0.1:5353\n";
        assert_eq!(host_ports(text), BTreeMap::from([(30500, 49153)]));
        assert_eq!(host_ports("garbage"), BTreeMap::new());
    }

    #[test]
    fn the_port_in_use_is_named() {
        let by_container = "docker: Error response from daemon: driver failed programming external connectivity on \
             endpoint x (abc): Bind for 127.0.0.1:5000 failed: port is already allocated.";
        assert_eq!(port_in_use(by_container).as_deref(), Some("5000"));
        let by_process = "Error starting userland proxy: listen tcp4 127.0.0.1:30080: bind: address already in use.";
        assert_eq!(port_in_use(by_process).as_deref(), Some("30080"));
        assert_eq!(port_in_use("no space left on device"), None);
    }
}
