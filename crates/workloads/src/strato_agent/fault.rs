//! What the agent can do wrong on purpose (`STRATO_FAULT`).

use crate::faults::Word;

/// One kind of bad behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It takes 7.5 MB of memory a second, up to 150 MB.
    Leaks,
    /// It says that it has QEMU.
    FakeQemu,
    /// It waits 20 s before it dials again.
    ReconnectsLate,
}

impl Word for Fault {
    const ALL: &'static [Self] = &[Self::Leaks, Self::FakeQemu, Self::ReconnectsLate];

    fn word(self) -> &'static str {
        match self {
            Self::Leaks => "leaks",
            Self::FakeQemu => "fake-qemu",
            Self::ReconnectsLate => "reconnects-late",
        }
    }
}
