//! How the agent runs machines: with QEMU where that is there, as a mock elsewhere.

use std::path::{Path, PathBuf};

/// The program that is looked for.
const QEMU: &str = "qemu-system-x86_64";

/// What makes QEMU fast enough to be of use.
const KVM: &str = "/dev/kvm";

/// How machines are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only in name.
    Mock,
    /// By QEMU.
    Qemu,
}

impl Mode {
    /// The mode's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mock => "mock",
            Self::Qemu => "qemu",
        }
    }
}

/// What is asked for (`AGENT_MODE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// What the host can do.
    Auto,
    /// The mock, whatever the host can do.
    Mock,
    /// QEMU or nothing.
    Qemu,
}

impl Wish {
    /// The wish of this word.
    pub(super) fn of(word: &str) -> Option<Self> {
        [(Self::Auto, "auto"), (Self::Mock, "mock"), (Self::Qemu, "qemu")]
            .into_iter()
            .find_map(|(wish, known)| (known == word).then_some(wish))
    }
}

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How machines are run.
    pub mode: Mode,
    /// Why.
    pub reason: String,
}

/// Where to look.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// QEMU itself, where it was named.
    pub(super) qemu: Option<PathBuf>,
    /// The folders of programs.
    pub(super) path: Vec<PathBuf>,
    /// KVM's device.
    pub(super) kvm: PathBuf,
}

impl Places {
    /// Those of this host.
    pub(super) fn of_host(qemu: Option<PathBuf>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self { qemu, path: std::env::split_paths(&path).collect(), kvm: KVM.into() }
    }

    /// The mode that a wish comes to here; an error where it can't be had.
    pub(super) fn choose(&self, wish: Wish) -> Result<Found, String> {
        let found = match wish {
            Wish::Mock => return Ok(Found { mode: Mode::Mock, reason: "asked for".to_owned() }),
            Wish::Auto | Wish::Qemu => self.qemu_and_kvm(),
        };
        match (found, wish) {
            (Ok(reason), _) => Ok(Found { mode: Mode::Qemu, reason }),
            (Err(reason), Wish::Qemu) => Err(reason),
            (Err(reason), _) => Ok(Found { mode: Mode::Mock, reason }),
        }
    }

    fn qemu_and_kvm(&self) -> Result<String, String> {
        let named = self.qemu.iter().cloned();
        let places = self.path.iter().map(|dir| dir.join(QEMU)).filter(|_| self.qemu.is_none());
        let Some(qemu) = named.chain(places).find(|path| is_program(path)) else {
            return Err(self
                .qemu
                .as_ref()
                .map_or_else(|| format!("no {QEMU} on PATH"), |named| format!("no program at {}", named.display())));
        };
        if !self.kvm.exists() {
            return Err(format!("{} is there, but no {}", qemu.display(), self.kvm.display()));
        }
        Ok(format!("{} and {} are there", qemu.display(), self.kvm.display()))
    }
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(qemu: Option<&str>, path: &str, kvm: &str) -> Places {
        Places { qemu: qemu.map(PathBuf::from), path: vec![path.into()], kvm: kvm.into() }
    }

    #[track_caller]
    fn check(places: &Places, wish: Wish, expected: Result<(Mode, &str), &str>) {
        let found = places.choose(wish).map(|found| (found.mode, found.reason));
        let expected = expected.map(|(mode, reason)| (mode, reason.to_owned())).map_err(ToOwned::to_owned);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_host_without_qemu_is_a_mock_and_says_why() {
        let none = places(None, "/nowhere", "/dev/null");
        check(&none, Wish::Auto, Ok((Mode::Mock, "no qemu-system-x86_64 on PATH")));
        check(&none, Wish::Mock, Ok((Mode::Mock, "asked for")));
        check(&none, Wish::Qemu, Err("no qemu-system-x86_64 on PATH"));
        check(&places(Some("/x/qemu"), "/bin", "/dev/null"), Wish::Auto, Ok((Mode::Mock, "no program at /x/qemu")));
    }

    #[test]
    fn qemu_needs_kvm() {
        let both = places(Some("/bin/sh"), "/nowhere", "/dev/null");
        check(&both, Wish::Auto, Ok((Mode::Qemu, "/bin/sh and /dev/null are there")));
        check(&both, Wish::Mock, Ok((Mode::Mock, "asked for")));
        let slow = places(Some("/bin/sh"), "/nowhere", "/nowhere/kvm");
        check(&slow, Wish::Auto, Ok((Mode::Mock, "/bin/sh is there, but no /nowhere/kvm")));
        check(&slow, Wish::Qemu, Err("/bin/sh is there, but no /nowhere/kvm"));
    }
}
