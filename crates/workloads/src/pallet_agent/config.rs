//! What an agent is told by its environment: the only place that names the variables.

use super::fault::Fault;
use crate::variables::{ConfigError, Told, bad, missing};
use std::fmt;

/// Which of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Plans what is to be built.
    Plan,
    /// Builds it.
    Build,
    /// Tests what was built.
    Test,
}

impl Role {
    const ALL: [Self; 3] = [Self::Plan, Self::Build, Self::Test];

    /// The word of `AGENT_ROLE`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Build => "build",
            Self::Test => "test",
        }
    }

    /// Where it listens, unless `AGENT_PORT` says otherwise.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Self::Plan => 8001,
            Self::Build => 8002,
            Self::Test => 8003,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What an agent needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `AGENT_ROLE`: plan, build or test.
    pub role: Role,
    /// `AGENT_PORT`: where it listens; that of its role where it is left out.
    pub port: u16,
    /// `AGENT_URL`: where others reach it, as its card says; localhost and its port where it is left out.
    pub url: String,
    /// `REGISTRY_URL`: the registry, without `/v2/`; `http` only.
    pub registry: String,
    /// `AGENT_FAULT`: what it does wrong on purpose; nothing where it is left out.
    pub fault: Option<Fault>,
}

const ROLE: Told = ("AGENT_ROLE", "plan, build or test");
const PORT: Told = ("AGENT_PORT", "a port from 1 to 65535");
const FAULT: Told = ("AGENT_FAULT", "burn or stall, or not set");
const REGISTRY: Told = ("REGISTRY_URL", "the registry's http:// URL");

impl Config {
    /// From this process's environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::of(|name| std::env::var(name).ok())
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let role = set(ROLE.0).ok_or(missing(ROLE))?;
        let role = Role::ALL.into_iter().find(|one| one.word() == role).ok_or_else(|| bad(ROLE, role))?;
        let port = set(PORT.0).map_or(Ok(role.port()), |value| port(&value))?;
        let registry = set(REGISTRY.0).ok_or(missing(REGISTRY))?;
        let url = set("AGENT_URL").unwrap_or_else(|| format!("http://localhost:{port}"));
        let fault = set(FAULT.0).map(|value| fault(&value)).transpose()?;
        Ok(Self { role, port, url, registry: base(&registry)?, fault })
    }
}

fn port(value: &str) -> Result<u16, ConfigError> {
    value.parse().ok().filter(|port| *port > 0).ok_or_else(|| bad(PORT, value.to_owned()))
}

fn fault(value: &str) -> Result<Fault, ConfigError> {
    Fault::ALL.into_iter().find(|one| one.word() == value).ok_or_else(|| bad(FAULT, value.to_owned()))
}

fn base(value: &str) -> Result<String, ConfigError> {
    let base = value.trim_end_matches('/');
    let is_sound = base.strip_prefix("http://").is_some_and(|rest| !rest.is_empty());
    if is_sound { Ok(base.to_owned()) } else { Err(bad(REGISTRY, value.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let value = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Config::of(value).map_err(|error| error.to_string())
    }

    #[test]
    fn each_role_has_its_port() {
        for (role, port) in [("plan", 8001), ("build", 8002), ("test", 8003)] {
            let config = of(&[("AGENT_ROLE", role), ("REGISTRY_URL", "http://registry:5000/")]).expect("a config");
            assert_eq!((config.role.word(), config.port), (role, port));
            assert_eq!(config.url, format!("http://localhost:{port}"));
            assert_eq!((config.registry.as_str(), config.fault), ("http://registry:5000", None));
        }
    }

    #[test]
    fn what_is_written_wins() {
        let all =
            [("AGENT_ROLE", "plan"), ("AGENT_PORT", "9000"), ("AGENT_URL", "http://x"), ("REGISTRY_URL", "http://r")];
        let config = of(&all).expect("a config");
        assert_eq!((config.port, config.url.as_str()), (9000, "http://x"));
        let faulty = of(&[("AGENT_ROLE", "plan"), ("REGISTRY_URL", "http://r"), ("AGENT_FAULT", "stall")]);
        assert_eq!(faulty.expect("a config").fault, Some(Fault::Stall));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        check(&[], "AGENT_ROLE is not set; it must be plan, build or test");
        check(&[("AGENT_ROLE", "cook")], "AGENT_ROLE is `cook`; it must be plan, build or test");
        check(&[("AGENT_ROLE", "plan")], "REGISTRY_URL is not set; it must be the registry's http:// URL");
        let tls = [("AGENT_ROLE", "plan"), ("REGISTRY_URL", "https://r")];
        check(&tls, "REGISTRY_URL is `https://r`; it must be the registry's http:// URL");
        let fault = [("AGENT_ROLE", "plan"), ("REGISTRY_URL", "http://r"), ("AGENT_FAULT", "lie")];
        check(&fault, "AGENT_FAULT is `lie`; it must be burn or stall, or not set");
        let zero = [("AGENT_ROLE", "plan"), ("AGENT_PORT", "0"), ("REGISTRY_URL", "http://r")];
        check(&zero, "AGENT_PORT is `0`; it must be a port from 1 to 65535");
    }

    #[track_caller]
    fn check(pairs: &[(&str, &str)], expected: &str) {
        assert_eq!(of(pairs).expect_err("a mistake"), expected);
    }
}
