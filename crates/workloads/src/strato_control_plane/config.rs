//! What the control plane is told by its environment: the only place that names its variables.

use super::fault::Fault;
use crate::faults::Faults;
use crate::log::Level;
use crate::variables::{ConfigError, Told, Variables, missing, port, seconds};
use serde::Serialize;
use std::time::Duration;

/// What the control plane needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// `PORT`: where it listens; 8080 where it is left out.
    pub port: u16,
    /// `DATABASE_URL` and `DATABASE_PASSWORD`.
    pub database: tokio_postgres::Config,
    /// `PERMIFY_URL`: Permify's HTTP API; `http` only.
    pub permify: String,
    /// `PERMIFY_TENANT`: t1 where it is left out.
    pub tenant: String,
    /// `WEBAUTHN_RELYING_PARTY_ID`, `_NAME`, `_ORIGIN`.
    pub relying_party: RelyingParty,
    /// `LOG_LEVEL`: trace, debug, info, warn or error; info where it is left out.
    pub log_level: Level,
    /// `HEARTBEAT_SECONDS`: how often agents say that they live, unless they declare otherwise.
    pub heartbeat_seconds: u32,
    /// `PING_SECONDS`: how often connections are pinged.
    pub ping: Duration,
    /// `STRATO_FAULT`: what it does wrong on purpose.
    pub faults: Faults<Fault>,
    /// What is not told: it is part of the protocol.
    pub limits: Limits,
}

/// For whom passkeys are made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RelyingParty {
    /// The domain.
    pub id: String,
    /// The name that people are shown.
    pub name: String,
    /// The origin of the pages.
    pub origin: String,
}

/// How long is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A peer that sent nothing for so long, not even a pong, is gone.
    pub silence: Duration,
    /// So many heartbeats may an agent miss.
    pub heartbeats: u32,
    /// What one frame may take to be sent.
    pub sending: Duration,
    /// When the fault `drops-after-5s` drops a connection.
    pub drop_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let second = Duration::from_secs;
        Self { silence: second(15), heartbeats: 3, sending: second(5), drop_after: second(5) }
    }
}

const PORT: Told = ("PORT", "a port from 1 to 65535");
const DATABASE_URL: Told = ("DATABASE_URL", "a postgres:// URL");
const PERMIFY_URL: Told = ("PERMIFY_URL", "Permify's http:// URL");
const LOG_LEVEL: Told = ("LOG_LEVEL", "trace, debug, info, warn or error");
const HEARTBEAT: Told = ("HEARTBEAT_SECONDS", "whole seconds from 1 to 3600");
const PING: Told = ("PING_SECONDS", "whole seconds from 1 to 3600");
const FAULT: Told = ("STRATO_FAULT", "faults that the control plane knows, divided by commas, or not set");

impl Config {
    /// From the variables of an environment.
    pub fn of(variables: &Variables<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            port: variables.read(PORT, 8080, port)?,
            database: database(variables)?,
            permify: variables.need(PERMIFY_URL, base)?,
            tenant: variables.get("PERMIFY_TENANT").unwrap_or_else(|| "t1".to_owned()),
            relying_party: relying_party(variables),
            log_level: variables.read(LOG_LEVEL, Level::Info, Level::of)?,
            heartbeat_seconds: variables.read(HEARTBEAT, 5, seconds)?,
            ping: Duration::from_secs(variables.read(PING, 10, seconds)?.into()),
            faults: variables.read(FAULT, Faults::NONE, Faults::parse)?,
            limits: Limits::default(),
        })
    }
}

/// The URL may hold the password; one that is given apart wins. An unreadable URL is not repeated: it may hold one.
fn database(variables: &Variables<'_>) -> Result<tokio_postgres::Config, ConfigError> {
    let url = variables.get(DATABASE_URL.0).ok_or(missing(DATABASE_URL))?;
    let unreadable = ConfigError::Unreadable { name: DATABASE_URL.0, what: DATABASE_URL.1 };
    let mut database: tokio_postgres::Config = url.parse().map_err(|_| unreadable)?;
    if let Some(password) = variables.get("DATABASE_PASSWORD") {
        database.password(password);
    }
    database.application_name("strato-control-plane");
    Ok(database)
}

fn base(value: &str) -> Option<String> {
    let base = value.trim_end_matches('/');
    base.strip_prefix("http://").is_some_and(|rest| !rest.is_empty()).then(|| base.to_owned())
}

fn relying_party(variables: &Variables<'_>) -> RelyingParty {
    let get = |name| variables.get(name).unwrap_or_default();
    RelyingParty {
        id: get("WEBAUTHN_RELYING_PARTY_ID"),
        name: get("WEBAUTHN_RELYING_PARTY_NAME"),
        origin: get("WEBAUTHN_RELYING_PARTY_ORIGIN"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: [(&str, &str); 2] =
        [("DATABASE_URL", "postgres://strato@postgresql:5432/strato"), ("PERMIFY_URL", "http://permify:3476/")];

    fn of(more: &[(&str, &str)]) -> Result<Config, String> {
        let pairs = [more, &NEEDED].concat();
        Config::of(&Variables::of(&pairs)).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let config = of(&[]).expect("a config");
        assert_eq!((config.port, config.permify.as_str(), config.tenant.as_str()), (8080, "http://permify:3476", "t1"));
        assert_eq!((config.heartbeat_seconds, config.ping), (5, Duration::from_secs(10)));
        assert_eq!((config.log_level, config.faults), (Level::Info, Faults::NONE));
        assert_eq!((config.database.get_user(), config.database.get_password()), (Some("strato"), None));
    }

    #[test]
    fn a_password_may_be_in_the_url_or_apart() {
        let inside = of(&[("DATABASE_URL", "postgres://strato:in@db/strato")]).expect("a config");
        assert_eq!(inside.database.get_password(), Some(&b"in"[..]));
        let apart = of(&[("DATABASE_PASSWORD", "apart")]).expect("a config");
        assert_eq!(apart.database.get_password(), Some(&b"apart"[..]));
        assert!(!format!("{apart:?}").contains("apart"));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        check(("PORT", "0"), "PORT is `0`; it must be a port from 1 to 65535");
        check(("PERMIFY_URL", "permify:3478"), "PERMIFY_URL is `permify:3478`; it must be Permify's http:// URL");
        check(("LOG_LEVEL", "loud"), "LOG_LEVEL is `loud`; it must be trace, debug, info, warn or error");
        check(("HEARTBEAT_SECONDS", "0"), "HEARTBEAT_SECONDS is `0`; it must be whole seconds from 1 to 3600");
        check(("PING_SECONDS", "often"), "PING_SECONDS is `often`; it must be whole seconds from 1 to 3600");
        let fault = "STRATO_FAULT is `never-ack`; it must be faults that the control plane knows, divided by commas, or not set";
        check(("STRATO_FAULT", "never-ack"), fault);
        check(
            ("DATABASE_URL", "postgres://strato:geheim@:x"),
            "DATABASE_URL can't be read; it must be a postgres:// URL",
        );
        let none = Config::of(&Variables::of(&[])).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(none, Err("DATABASE_URL is not set; it must be a postgres:// URL".to_owned()));
    }

    #[track_caller]
    fn check(pair: (&str, &str), expected: &str) {
        assert_eq!(of(&[pair]).expect_err("a mistake"), expected);
    }
}
