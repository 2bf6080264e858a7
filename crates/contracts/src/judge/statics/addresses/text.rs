//! Addresses in texts: `http://shop:80/x`, `postgres://user:word@db.ns.svc:5432`, `redis:6379`. Only hosts that could
//! be names of Services; what is put together from variables is none.

use regex::Regex;
use std::sync::LazyLock;

/// A host and a port in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address<'t> {
    /// The host, lower case letters, digits, dashes and dots.
    pub(super) host: &'t str,
    /// The port that is written, or that of the scheme where a path follows the host.
    pub(super) port: Option<u64>,
    /// Whether a scheme says that it is an address.
    pub(super) has_scheme: bool,
    /// The line of the text, counted from 0.
    pub(super) line: usize,
}

/// Ports that go without saying.
const DEFAULT_PORTS: [(&str, u64); 12] = [
    ("http", 80),
    ("https", 443),
    ("ws", 80),
    ("wss", 443),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("mysql", 3306),
    ("redis", 6379),
    ("amqp", 5672),
    ("mongodb", 27017),
    ("nats", 4222),
    ("jdbc:postgresql", 5432),
];

static URL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?P<scheme>(?:jdbc:)?[a-z][a-z0-9+]*)://(?:[^\s@/"'<>]*@)?(?P<host>[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?"#,
    )
    .ok()
});

static PAIR: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?:^|[\s"'=,;(\[])(?P<host>[a-z0-9][a-z0-9.-]*[a-z0-9]):(?P<port>\d{2,5})"#).ok());

/// All addresses of a text, comments left out.
pub(super) fn addresses(text: &str) -> Vec<Address<'_>> {
    let mut found = Vec::new();
    for (line, text) in text.lines().enumerate() {
        let text = without_comment(text);
        // Most lines hold neither; a look for one character is cheaper than two expressions.
        if !text.contains(':') {
            continue;
        }
        found.extend(urls(text, line));
        found.extend(pairs(text, line));
    }
    found
}

fn urls(text: &str, line: usize) -> Vec<Address<'_>> {
    let Some(url) = URL.as_ref().filter(|_| text.contains("://")) else { return Vec::new() };
    let all = url.captures_iter(text).filter_map(|found| {
        let (host, end) = (found.name("host")?.as_str(), &text[found.get(0)?.end()..]);
        let written = found.name("port").and_then(|port| port.as_str().parse().ok());
        let known = DEFAULT_PORTS.iter().find(|(scheme, _)| *scheme == &found["scheme"]).map(|(_, port)| *port);
        let port = written.or(known.filter(|_| end.starts_with('/')));
        is_whole(host, end).then_some(Address { host, port, has_scheme: true, line })
    });
    all.collect()
}

/// `host:port` by itself. Tags of images and times of day look alike, so that more is asked of these later.
fn pairs(text: &str, line: usize) -> Vec<Address<'_>> {
    let is_about_images = text.to_ascii_lowercase().contains("image");
    let Some(pair) = PAIR.as_ref().filter(|_| !is_about_images) else { return Vec::new() };
    let all = pair.captures_iter(text).filter_map(|found| {
        let (host, end) = (found.name("host")?.as_str(), &text[found.get(0)?.end()..]);
        let port = found["port"].parse().ok().filter(|port| *port >= 80)?;
        let is_end = end.is_empty() || end.starts_with([' ', '"', '\'', ',', ';', ')', ']', '/']);
        (is_end && is_whole(host, end)).then_some(Address { host, port: Some(port), has_scheme: false, line })
    });
    all.collect()
}

/// Whether nothing is pasted to it that a variable will fill.
fn is_whole(host: &str, end: &str) -> bool {
    let is_name = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    !end.starts_with(['$', '{', '%', '<', '*', '_', '(', ':'])
        && host.split('.').all(is_name)
        && host.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn without_comment(line: &str) -> &str {
    let start = line.trim_start();
    if start.starts_with(['#', ';']) || start.starts_with("//") {
        return "";
    }
    line.split(" #").next().unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown = |a: Address<'_>| {
            let port = a.port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}{port}{}", a.host, if a.has_scheme { "" } else { " (pair)" })
        };
        let found: Vec<String> = addresses(text).into_iter().map(shown).collect();
        assert_eq!(found.join(", "), expected, "{text}");
    }

    #[test]
    fn urls_and_pairs() {
        check("http://shop/x", "shop:80");
        check("http://shop", "shop");
        check("URL=https://shop.ns.svc:8443/x?y", "shop.ns.svc:8443");
        check("postgres://user:pw@db:5432/shop", "db:5432");
        check("jdbc:postgresql://db/shop", "db:5432");
        check("wss://control/agent", "control:443");
        check("kafka:9092,other:9092", "kafka:9092 (pair), other:9092 (pair)");
        check("upstream = \"redis:6379\"", "redis:6379 (pair)");
    }

    #[test]
    fn what_is_no_address() {
        for text in ["http://$(HOST):80", "http://${HOST}/", "http://shop-${ENV}:80", "10.0.0.1:80", "http://[::1]:80/"]
        {
            check(text, "");
        }
        for text in
            ["# http://shop:1", "a: b # http://shop:1", "image: postgres:160", "at 12:30:00", "postgres:16", "a:b"]
        {
            check(text, "");
        }
    }
}
