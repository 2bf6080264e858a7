//! The TCP ports on which somebody listens, and who that is.

use camino::Utf8Path;

/// Sorted, each once.
pub(super) fn in_use() -> Vec<u16> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    let mut ports: Vec<u16> = tables.iter().flat_map(|table| listening(table)).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The process that listens on a port of this host, where it can be told: `python3 (process 4711)`.
pub(crate) fn listener_on(port: u16) -> Option<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    let inodes: Vec<String> = tables
        .iter()
        .flat_map(|table| sockets(table))
        .filter(|(at, _)| *at == port)
        .map(|(_, inode)| format!("socket:[{inode}]"))
        .collect();
    let processes = Utf8Path::new("/proc").read_dir_utf8().ok()?.flatten();
    let mut pids = processes.filter(|entry| entry.file_name().bytes().all(|byte| byte.is_ascii_digit()));
    pids.find(|process| holds(process.path(), &inodes)).map(|process| described(process.path()))
}

fn holds(process: &Utf8Path, inodes: &[String]) -> bool {
    let open = process.join("fd").read_dir_utf8().into_iter().flatten().flatten();
    open.filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .any(|target| inodes.iter().any(|inode| target.as_os_str() == inode.as_str()))
}

fn described(process: &Utf8Path) -> String {
    let name = std::fs::read_to_string(process.join("comm")).unwrap_or_default();
    format!("{} (process {})", name.trim(), process.file_name().unwrap_or_default())
}

/// Port and inode of the sockets of a table that are in the state LISTEN.
fn sockets(table: &str) -> Vec<(u16, u64)> {
    let socket = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_listening = words.get(3) == Some(&"0A");
        let local = words.get(1).filter(|_| is_listening)?;
        let inode = words.get(9).and_then(|inode| inode.parse().ok()).unwrap_or_default();
        Some((u16::from_str_radix(local.rsplit(':').next()?, 16).ok()?, inode))
    };
    table.lines().skip(1).filter_map(socket).collect()
}

/// The local ports of a table of sockets that are in the state LISTEN.
fn listening(table: &str) -> Vec<u16> {
    sockets(table).into_iter().map(|(port, _)| port).collect()
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

    #[test]
    fn who_listens_is_named() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let named = super::listener_on(port).expect("this very process");
        assert!(named.ends_with(&format!("(process {})", std::process::id())), "{named}");
        drop(listener);
        assert_eq!(super::listener_on(port), None);
    }
}
