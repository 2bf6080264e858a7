//! Timing `seatrial up` as a user would: from its exec, with nothing there, to the first 200 on the host's port.

use crate::engine::{containers, files};
use crate::pressure::Pressure;
use crate::program::{Program, tool};
use camino::Utf8Path;
use seatrial_harness::command::Finished;
use seatrial_probes::wait::pause_blocking;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Without this word a registry says 404 to the manifest of an OCI image.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A bootstrap that counts.
#[derive(Debug)]
pub struct Bootstrap {
    /// From the exec of `up` to the first 200.
    pub until_answer: Duration,
    /// What kept the machine from it meanwhile.
    pub pressure: Pressure,
    /// How `up` ended.
    pub up: Finished,
}

impl Bootstrap {
    /// The seconds it took, in words, with the pressure.
    pub fn told(&self) -> String {
        format!("{:.1} s ({})", self.until_answer.as_secs_f64(), self.pressure.told())
    }
}

/// Runs `up` and times it; refuses to count where a container, a lease or a listener of that name is there already.
///
/// # Errors
/// What is warm.
///
/// # Panics
/// When it never answers.
#[expect(clippy::expect_used, reason = "a test without its answer has failed")]
pub fn bootstrap(program: &Program, home: &Utf8Path, name: &str, args: &[&str]) -> Result<Bootstrap, String> {
    let warm = warm(home, name);
    if !warm.is_empty() {
        return Err(format!("this would count a warm start: {}", warm.join(", ")));
    }
    let is_over = AtomicBool::new(false);
    // What went before (other clusters, their ends) is written out first: its writing is no part of this bootstrap.
    tool("sync", &[]);
    let before = Pressure::now();
    let started = Instant::now();
    let (up, answered) = std::thread::scope(|scope| {
        let answered = scope.spawn(|| until_answer(&is_over));
        let up = program.call(args);
        is_over.store(true, Ordering::Relaxed);
        (up, answered.join().expect("the look at the port"))
    });
    let answered = answered.ok_or_else(|| format!("it never answered: {}{}", up.stdout, up.stderr));
    Ok(Bootstrap { until_answer: answered? - started, pressure: Pressure::now().since(&before), up })
}

/// What is there already: containers and leases of this name, and whoever answers.
fn warm(home: &Utf8Path, name: &str) -> Vec<String> {
    let mut warm: Vec<String> = containers().into_iter().filter(|one| one.starts_with(name)).collect();
    let leases = files(&home.join("leases"));
    warm.extend(
        leases.iter().filter(|file| file.file_name() == Some(&format!("{name}.json"))).map(ToString::to_string),
    );
    warm.extend(status("/v2/").map(|status| format!("127.0.0.1:5000 answers {status}")));
    warm
}

/// The moment of the first 200; one look more after `up` has ended.
fn until_answer(is_over: &AtomicBool) -> Option<Instant> {
    loop {
        let was_over = is_over.load(Ordering::Relaxed);
        if status("/v2/") == Some(200) {
            return Some(Instant::now());
        }
        if was_over {
            return None;
        }
        pause_blocking(Duration::from_millis(20));
    }
}

/// The status that 127.0.0.1:5000 gives for a path; `None` while nothing answers there.
pub fn status(path: &str) -> Option<u16> {
    let answer = exchange(path)?;
    answer.split_whitespace().nth(1)?.parse().ok()
}

/// The body of a path, where its status is 200.
pub fn body(path: &str) -> Option<String> {
    let answer = exchange(path)?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    (head.split_whitespace().nth(1)? == "200").then(|| body.to_owned())
}

fn exchange(path: &str) -> Option<String> {
    let address = SocketAddr::from(([127, 0, 0, 1], 5000));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost:5000\r\nAccept: {MANIFEST}, */*\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    // What was read before a reset counts.
    let _ = stream.read_to_end(&mut answer);
    Some(String::from_utf8_lossy(&answer).into_owned()).filter(|answer| answer.starts_with("HTTP/1."))
}
