//! Reading what a program is told by its environment: a variable that is empty counts as not set, and whatever makes no
//! sense is named together with what would.

use std::fmt;
use thiserror::Error;

/// Why a program can't start.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// A variable without a default.
    #[error("{name} is not set; it must be {what}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it is to say.
        what: &'static str,
    },
    /// A value that makes no sense.
    #[error("{name} is `{value}`; it must be {what}")]
    Bad {
        /// The variable.
        name: &'static str,
        /// What it says.
        value: String,
        /// What it is to say.
        what: &'static str,
    },
    /// A value that makes no sense, and may hold a secret.
    #[error("{name} can't be read; it must be {what}")]
    Unreadable {
        /// The variable.
        name: &'static str,
        /// What it is to say.
        what: &'static str,
    },
}

/// A variable's name, and what it is to say.
pub(crate) type Told = (&'static str, &'static str);

/// The variables of an environment.
pub struct Variables<'a>(Box<Look<'a>>);

/// Looks one up.
type Look<'a> = dyn Fn(&str) -> Option<String> + 'a;

impl<'a> Variables<'a> {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self(Box::new(|name| std::env::var(name).ok()))
    }

    /// Just these.
    pub fn of(pairs: &'a [(&'a str, &'a str)]) -> Self {
        let value = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Self(Box::new(value))
    }

    /// The value, if it is set.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    /// What the variable says, or the default where it says nothing.
    pub(crate) fn read<T>(&self, told: Told, default: T, parse: impl Fn(&str) -> Option<T>) -> Result<T, ConfigError> {
        let Some(value) = self.get(told.0) else { return Ok(default) };
        parse(&value).ok_or_else(|| bad(told, value))
    }

    /// What the variable says; it must be there.
    pub(crate) fn need<T>(&self, told: Told, parse: impl Fn(&str) -> Option<T>) -> Result<T, ConfigError> {
        let value = self.get(told.0).ok_or(missing(told))?;
        parse(&value).ok_or_else(|| bad(told, value))
    }
}

impl fmt::Debug for Variables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables")
    }
}

pub(crate) fn missing((name, what): Told) -> ConfigError {
    ConfigError::Missing { name, what }
}

pub(crate) fn bad((name, what): Told, value: String) -> ConfigError {
    ConfigError::Bad { name, value, what }
}

/// A port from 1 on.
pub(crate) fn port(value: &str) -> Option<u16> {
    value.parse().ok().filter(|port| *port > 0)
}

/// Whole seconds, from one to an hour.
pub(crate) fn seconds(value: &str) -> Option<u32> {
    value.parse().ok().filter(|seconds| (1..=3600).contains(seconds))
}
