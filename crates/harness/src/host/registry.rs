//! Whether images can be pulled.

use crate::cache::cache_dir;
use std::time::Duration;
use tokio::net::TcpStream;

/// The registries that a cluster's images come from.
const REGISTRIES: [&str; 2] = ["registry-1.docker.io:443", "registry.k8s.io:443"];
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long the answer is believed.
const FRESH: Duration = Duration::from_hours(1);

/// Whether all registries answer. `SEATRIAL_REGISTRY=none` or `=reachable` says it without a try.
pub async fn is_reachable() -> bool {
    match std::env::var("SEATRIAL_REGISTRY").as_deref() {
        Ok("none") => false,
        Ok("reachable") => true,
        _ => remembered_or_tried().await,
    }
}

/// The same where nothing is async.
#[must_use]
pub fn is_reachable_blocking() -> bool {
    let ask = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.is_ok_and(|runtime| runtime.block_on(is_reachable()))
    };
    // A thread of its own: the caller may be inside a runtime, where blocking on another one panics.
    std::thread::spawn(ask).join().unwrap_or(false)
}

async fn remembered_or_tried() -> bool {
    if let Some(answer) = remembered() {
        return answer;
    }
    let (first, second) = tokio::join!(answers(REGISTRIES[0]), answers(REGISTRIES[1]));
    first && second
}

async fn answers(address: &str) -> bool {
    matches!(tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await, Ok(Ok(_)))
}

fn file() -> camino::Utf8PathBuf {
    cache_dir().join("facts/registry")
}

fn remembered() -> Option<bool> {
    let age = file().metadata().ok()?.modified().ok()?.elapsed().ok()?;
    let text = std::fs::read_to_string(file()).ok()?;
    (age < FRESH).then(|| text.trim() == "reachable")
}

/// Keeps the answer for an hour; one that can't be kept is found out again.
pub(crate) fn remember(answer: bool) {
    let text = if answer { "reachable\n" } else { "none\n" };
    let _ = std::fs::create_dir_all(cache_dir().join("facts"));
    let _ = std::fs::write(file(), text);
}
