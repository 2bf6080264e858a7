//! Bad days, made on purpose: a full disk, an engine that goes away and comes back, a network without a way out.

use crate::engine::below;
use crate::program::tool;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex, PoisonError};

/// Calls a program as root: mounts and packet filters are root's.
pub(crate) fn as_root(program: &str, args: &[&str]) -> String {
    match tool("id", &["-u"]).trim() {
        "0" => tool(program, args),
        _ => tool("sudo", &[&["-n", program], args].concat()),
    }
}

/// A file system of 16 MB without a free byte, mounted on a folder as long as the value lives.
#[derive(Debug)]
pub struct FullDisk(Utf8PathBuf);

#[expect(clippy::expect_used, reason = "a test without its broken disk has failed")]
impl FullDisk {
    /// Mounts it on this folder, which is made, and fills it.
    ///
    /// # Panics
    /// When it can't be mounted, or does not get full.
    pub fn on(folder: &Utf8Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        as_root("mount", &["-t", "tmpfs", "-o", "size=16m,mode=0777", "seatrial-full", folder.as_str()]);
        let disk = Self(folder.to_owned());
        let mut file = std::fs::File::create(folder.join("ballast")).expect("a file");
        let filled = std::iter::repeat_with(|| file.write_all(&[0; 4096])).take(5000).find(Result::is_err);
        assert!(filled.is_some(), "{folder} has more than 16 MB");
        disk
    }

    /// What lies there beside what fills it.
    pub fn files(&self) -> BTreeSet<Utf8PathBuf> {
        below(&self.0).into_iter().filter(|file| file.file_name() != Some("ballast")).collect()
    }
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        as_root("umount", &["--lazy", self.0.as_str()]);
    }
}

/// A socket that hands everything through to the engine, until it is cut.
#[derive(Debug)]
pub struct Relay {
    path: Utf8PathBuf,
    streams: Arc<Mutex<Vec<UnixStream>>>,
}

#[expect(clippy::expect_used, reason = "a test without its relay has failed")]
impl Relay {
    /// A relay at this path.
    ///
    /// # Panics
    /// When the socket can't be made.
    pub fn at(path: &Utf8Path) -> Self {
        let relay = Self { path: path.to_owned(), streams: Arc::default() };
        relay.listen();
        relay
    }

    /// What `DOCKER_HOST` is to be.
    pub fn host(&self) -> String {
        format!("unix://{}", self.path)
    }

    /// Ends every connection and takes no new one.
    ///
    /// # Panics
    /// When the socket can't be removed.
    pub fn cut(&self) {
        std::fs::remove_file(&self.path).expect("the socket");
        for stream in self.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Takes connections again.
    ///
    /// # Panics
    /// When the socket can't be made.
    pub fn listen(&self) {
        let listener = UnixListener::bind(&self.path).expect("a socket");
        let streams = self.streams.clone();
        // Ends with the test's process: a socket without a name is reached by nobody.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(engine) = UnixStream::connect(engine()) else { continue };
                join(&client, &engine);
                streams.lock().unwrap_or_else(PoisonError::into_inner).extend([client, engine]);
            }
        });
    }
}

/// The engine's socket.
fn engine() -> String {
    let named = std::env::var("DOCKER_HOST").ok();
    let named = named.and_then(|host| host.strip_prefix("unix://").map(ToOwned::to_owned));
    named.unwrap_or_else(|| "/var/run/docker.sock".to_owned())
}

fn join(client: &UnixStream, engine: &UnixStream) {
    for (from, to) in [(client, engine), (engine, client)] {
        let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
        std::thread::spawn(move || {
            let copied = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
            copied
        });
    }
}

/// The engine's networks without a way out of the host, as long as the value lives: packets that are forwarded from a
/// bridge of the engine to the uplink are counted and dropped. Nothing else on the host is touched.
///
/// Lookups are counted apart: the engine's own DNS, which a node asks for the names of other containers, hands on what it
/// does not know to the host's name servers, from the node's address.
#[derive(Debug)]
pub struct CutOff {
    rules: Vec<Vec<String>>,
}

/// The comments of the rules: those of lookups, those of all else.
const COMMENTS: [&str; 2] = ["seatrial-cut-off-dns", "seatrial-cut-off-all"];

impl CutOff {
    /// Cuts the way.
    ///
    /// # Panics
    /// When the rules can't be made, or the host has no way out that could be cut.
    pub fn new() -> Self {
        let routes = tool("ip", &["-4", "route", "show", "default"]);
        let uplink = routes.split_whitespace().skip_while(|word| *word != "dev").nth(1).unwrap_or_default().to_owned();
        assert!(!uplink.is_empty(), "this host has no way out: there is nothing to cut");
        let rule = |bridge: &str, comment: &str, what: &[&str]| {
            let comment = format!("{comment}-{}", std::process::id());
            let way = ["-i", bridge, "-o", &uplink];
            let then = ["-m", "comment", "--comment", &comment, "-j", "DROP"];
            [&way[..], what, &then[..]].concat().into_iter().map(ToOwned::to_owned).collect()
        };
        let [lookups, all] = COMMENTS;
        let of = |bridge: &str| [rule(bridge, all, &[]), rule(bridge, lookups, &["-p", "udp", "--dport", "53"])];
        // Each is put before the ones that are there: lookups are counted first.
        let cut = Self { rules: ["docker0", "br-+"].iter().flat_map(|bridge| of(bridge)).collect() };
        for rule in &cut.rules {
            iptables(&["-I", "DOCKER-USER", "1"], rule);
        }
        cut
    }

    /// How many packets wanted to leave, lookups not among them.
    ///
    /// # Panics
    /// When the counters can't be read.
    pub fn packets(&self) -> u64 {
        counted(COMMENTS[1])
    }

    /// How many lookups wanted to leave.
    ///
    /// # Panics
    /// When the counters can't be read.
    pub fn lookups(&self) -> u64 {
        counted(COMMENTS[0])
    }
}

/// The packets of the rules with a comment: one rule a kind of bridge.
#[expect(clippy::expect_used, reason = "a test without its counters has failed")]
fn counted(comment: &str) -> u64 {
    let comment = format!("{comment}-{}", std::process::id());
    let listed = as_root("iptables", &["-w", "-nvxL", "DOCKER-USER"]);
    let counted = listed.lines().filter(|line| line.contains(&comment));
    let packets: Vec<u64> = counted
        .map(|line| line.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a count"))
        .collect();
    assert_eq!(packets.len(), 2, "a rule is gone: {listed}");
    packets.iter().sum()
}

impl Default for CutOff {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for CutOff {
    fn drop(&mut self) {
        for rule in &self.rules {
            iptables(&["-D", "DOCKER-USER"], rule);
        }
    }
}

fn iptables(how: &[&str], rule: &[String]) {
    let rule: Vec<&str> = rule.iter().map(String::as_str).collect();
    as_root("iptables", &[&["-w"], how, &rule].concat());
}
