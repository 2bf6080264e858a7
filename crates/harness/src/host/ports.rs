//! The TCP ports on which somebody listens.

/// Sorted, each once.
pub(super) fn in_use() -> Vec<u16> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    let mut ports: Vec<u16> = tables.iter().flat_map(|table| listening(table)).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The local ports of a table of sockets that are in the state LISTEN.
fn listening(table: &str) -> Vec<u16> {
    let port = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_listening = words.get(3) == Some(&"0A");
        let local = words.get(1).filter(|_| is_listening)?;
        u16::from_str_radix(local.rsplit(':').next()?, 16).ok()
    };
    table.lines().skip(1).filter_map(port).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_listeners_count() {
        let table = "  sl  local_address rem_address   st\n\
                     0: 0100007F:1388 00000000:0000 0A 0\n\
                     1: 0100007F:9C40 0100007F:1388 01 0\n";
        assert_eq!(super::listening(table), [5000]);
    }
}
