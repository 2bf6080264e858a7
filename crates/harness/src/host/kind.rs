//! The kinds of host that Seatrial must run on.

use serde::Serialize;

/// What a host lacks decides what has to be made on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostKind {
    /// Docker runs and registries answer.
    Ordinary,
    /// Nothing can be pulled: all images are built here.
    NoRegistry,
    /// There is no engine yet.
    Bare,
    /// The host lacks capabilities that a privileged container asks for.
    Restricted,
}

impl HostKind {
    /// The hardest thing about a host names it.
    #[must_use]
    pub fn of(engine: bool, registry: bool, lacks_capabilities: bool) -> Self {
        match (engine, registry, lacks_capabilities) {
            (_, _, true) => Self::Restricted,
            (false, _, false) => Self::Bare,
            (true, false, false) => Self::NoRegistry,
            (true, true, false) => Self::Ordinary,
        }
    }

    /// Its name, as in the JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::NoRegistry => "no-registry",
            Self::Bare => "bare",
            Self::Restricted => "restricted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HostKind;

    #[test]
    fn the_hardest_thing_names_the_host() {
        assert_eq!(HostKind::of(true, true, false), HostKind::Ordinary);
        assert_eq!(HostKind::of(true, false, false), HostKind::NoRegistry);
        assert_eq!(HostKind::of(false, true, false), HostKind::Bare);
        assert_eq!(HostKind::of(true, false, true), HostKind::Restricted);
    }
}
