//! What the agent is told by its environment: the only place that names its variables.

use super::fault::Fault;
use super::mode::Wish;
use crate::faults::Faults;
use crate::log::Level;
use crate::variables::{ConfigError, Told, Variables, port, seconds};
use std::path::PathBuf;
use std::time::Duration;
use tokio_tungstenite::tungstenite::http::Uri;

/// What the agent needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// `CONTROL_PLANE_URL`: where it dials; `ws` only.
    pub control_plane: Uri,
    /// `AGENT_ID`: its name for itself; that of its host where it is left out.
    pub id: String,
    /// The host's name.
    pub hostname: String,
    /// `AGENT_MODE`: auto, mock or qemu.
    pub wish: Wish,
    /// `QEMU_PATH`: where QEMU is; looked for on `PATH` where it is left out.
    pub qemu: Option<PathBuf>,
    /// `LOG_LEVEL`: trace, debug, info, warn or error; info where it is left out.
    pub log_level: Level,
    /// `STATUS_PORT`: where it tells how it is; 8081 where it is left out.
    pub status_port: u16,
    /// `HEARTBEAT_SECONDS`: how often it says that it lives.
    pub heartbeat_seconds: u32,
    /// `STRATO_FAULT`: what it does wrong on purpose.
    pub faults: Faults<Fault>,
    /// What is not told: it is part of the protocol.
    pub limits: Limits,
}

/// How long is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What a connection may take to be made.
    pub connect: Duration,
    /// So long may nothing be acknowledged.
    pub unacknowledged: Duration,
    /// The longest pause between two attempts.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let second = Duration::from_secs;
        Self { connect: second(2), unacknowledged: second(10), pause: second(2) }
    }
}

const CONTROL_PLANE_URL: Told = ("CONTROL_PLANE_URL", "the control plane's ws:// URL");
const MODE: Told = ("AGENT_MODE", "auto, mock or qemu");
const LOG_LEVEL: Told = ("LOG_LEVEL", "trace, debug, info, warn or error");
const STATUS_PORT: Told = ("STATUS_PORT", "a port from 1 to 65535");
const HEARTBEAT: Told = ("HEARTBEAT_SECONDS", "whole seconds from 1 to 3600");
const FAULT: Told = ("STRATO_FAULT", "faults that the agent knows, divided by commas, or not set");

impl Config {
    /// From the variables of an environment.
    pub fn of(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        let hostname = hostname();
        Ok(Self {
            control_plane: variables.need(CONTROL_PLANE_URL, url)?,
            id: variables.get("AGENT_ID").unwrap_or_else(|| hostname.clone()),
            hostname,
            wish: variables.read(MODE, Wish::Auto, Wish::of)?,
            qemu: variables.get("QEMU_PATH").map(PathBuf::from),
            log_level: variables.read(LOG_LEVEL, Level::Info, Level::of)?,
            status_port: variables.read(STATUS_PORT, 8081, port)?,
            heartbeat_seconds: variables.read(HEARTBEAT, 5, seconds)?,
            faults: variables.read(FAULT, Faults::NONE, Faults::parse)?,
            limits: Limits::default(),
        })
    }
}

fn url(value: &str) -> Option<Uri> {
    let url: Uri = value.parse().ok()?;
    (url.scheme_str() == Some("ws") && url.host().is_some_and(|host| !host.is_empty())).then_some(url)
}

/// As the kernel says it; in a pod that is the pod's name.
fn hostname() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if told.trim().is_empty() { "unknown".to_owned() } else { told.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: (&str, &str) = ("CONTROL_PLANE_URL", "ws://strato-control-plane:8080/agent/ws");

    fn of(pairs: &[(&str, &str)]) -> Result<Config, String> {
        Config::of(&Variables::of(pairs)).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let config = of(&[URL]).expect("a config");
        assert_eq!((&config.id, config.wish, config.status_port), (&config.hostname, Wish::Auto, 8081));
        assert_eq!((config.heartbeat_seconds, config.faults), (5, Faults::NONE));
        let named = of(&[URL, ("AGENT_ID", "a1"), ("AGENT_MODE", "mock")]).expect("a config");
        assert_eq!((named.id.as_str(), named.wish), ("a1", Wish::Mock));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        check(&[], "CONTROL_PLANE_URL is not set; it must be the control plane's ws:// URL");
        let http = ("CONTROL_PLANE_URL", "http://x/agent/ws");
        check(&[http], "CONTROL_PLANE_URL is `http://x/agent/ws`; it must be the control plane's ws:// URL");
        check(&[URL, ("AGENT_MODE", "fast")], "AGENT_MODE is `fast`; it must be auto, mock or qemu");
        check(&[URL, ("STATUS_PORT", "x")], "STATUS_PORT is `x`; it must be a port from 1 to 65535");
        let fault =
            "STRATO_FAULT is `never-acks`; it must be faults that the agent knows, divided by commas, or not set";
        check(&[URL, ("STRATO_FAULT", "never-acks")], fault);
    }

    #[track_caller]
    fn check(pairs: &[(&str, &str)], expected: &str) {
        assert_eq!(of(pairs).expect_err("a mistake"), expected);
    }
}
