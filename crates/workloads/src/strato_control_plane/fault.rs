//! What the control plane can do wrong on purpose (`STRATO_FAULT`).

use crate::faults::Word;

/// One kind of bad behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It answers a WebSocket's upgrade with 200.
    Answers200,
    /// It acknowledges no heartbeat.
    NeverAcks,
    /// It drops each connection of an agent after 5 s, without a word.
    DropsAfter5s,
    /// Its answers name another request.
    WrongRequestId,
    /// `GET /api/vms` takes 300 ms.
    SlowEndpoint,
    /// It logs the database's password.
    LogsPassword,
    /// It ends when the database that it had is gone.
    ExitsWithoutDatabase,
    /// It pings nobody.
    NoPings,
    /// It asks nobody whether a call is allowed.
    SkipsAuthorization,
    /// Its page for people is plain text.
    PlainPage,
    /// It takes 5 MB of memory a second, up to 400 MB.
    Leaks,
}

impl Word for Fault {
    const ALL: &'static [Self] = &[
        Self::Answers200,
        Self::NeverAcks,
        Self::DropsAfter5s,
        Self::WrongRequestId,
        Self::SlowEndpoint,
        Self::LogsPassword,
        Self::ExitsWithoutDatabase,
        Self::NoPings,
        Self::SkipsAuthorization,
        Self::PlainPage,
        Self::Leaks,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Answers200 => "answers-200",
            Self::NeverAcks => "never-acks",
            Self::DropsAfter5s => "drops-after-5s",
            Self::WrongRequestId => "wrong-request-id",
            Self::SlowEndpoint => "slow-endpoint",
            Self::LogsPassword => "logs-password",
            Self::ExitsWithoutDatabase => "exits-without-database",
            Self::NoPings => "no-pings",
            Self::SkipsAuthorization => "skips-authorization",
            Self::PlainPage => "plain-page",
            Self::Leaks => "leaks",
        }
    }
}
