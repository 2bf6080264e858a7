//! One look at a check: does it hold, is it broken, will it never hold, or was nothing seen? One file a check; time is
//! the business of [`super::watch`].

mod command;
mod dns;
mod helm_test;
mod http;
mod job;
mod leaves;
mod logs;
mod metrics;
mod object;
mod postgres;
mod rbac;
mod ready;
mod refuses;
mod registry;
mod restarts;
mod tcp;
mod usage;
mod ws;

pub use http::{is_as_promised, saved};
pub use object::referred;
pub(super) use object::rendered;
pub(super) use refuses::not_refused;
pub use ws::{answers, patience};

use crate::model::{Check, Measured};
use seatrial_observation::{FailureKind, ProbeFailure, ProbeOutcome, Reason, Seen};

/// What one look means for a check.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// The promise holds.
    Holds,
    /// It does not: what was promised and what was seen.
    Broken(String),
    /// It never will.
    Doomed(Reason),
    /// The look brought nothing that could be judged.
    Unseen(String),
}

/// An outcome, and the values that were measured on the way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judged {
    /// The outcome.
    pub(crate) outcome: Outcome,
    /// The values.
    pub(crate) measured: Vec<Measured>,
}

impl Judged {
    fn broken(message: impl Into<String>) -> Self {
        Outcome::Broken(message.into()).into()
    }

    fn unseen(message: impl Into<String>) -> Self {
        Outcome::Unseen(message.into()).into()
    }

    fn with(mut self, measured: Measured) -> Self {
        self.measured.push(measured);
        self
    }

    /// Broken with all of the lines, or holding when there are none.
    fn of(broken: &[String]) -> Self {
        if broken.is_empty() { Outcome::Holds.into() } else { Self::broken(broken.join("\n")) }
    }
}

impl From<Outcome> for Judged {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, measured: Vec::new() }
    }
}

/// Judges one look.
pub(crate) fn look(check: &Check, seen: &Seen, before: Option<&Seen>) -> Judged {
    match (check, seen) {
        (Check::Http(http), Seen::Probes(outcomes)) => http::look(http, outcomes, probes_in(before)),
        (Check::Ws(ws), Seen::Probes(outcomes)) => ws::look(ws, outcomes),
        (Check::Postgres(postgres), Seen::Probes(outcomes)) => postgres::look(postgres, outcomes, probes_in(before)),
        (Check::Tcp(tcp), Seen::Probes(outcomes)) => tcp::look(tcp, outcomes, probes_in(before)),
        (Check::Dns(targets), Seen::Probes(outcomes)) => dns::look(targets, outcomes),
        (Check::Registry(registry), Seen::Probes(outcomes)) => registry::look(registry, outcomes),
        (Check::Ready(_), Seen::Readiness(objects)) => ready::look(objects),
        (Check::Object(expected), Seen::Objects(found)) => object::look(expected, found, found_in(before)),
        (Check::Metrics(metrics), Seen::Probes(outcomes)) => metrics::look(metrics, outcomes),
        (Check::Rbac(rbac), Seen::Objects(found)) => rbac::look(rbac, found),
        (Check::Restarts(expected), Seen::Objects(found)) => restarts::look(expected, found, found_in(before)),
        (Check::Leaves(expected), Seen::Objects(found)) => leaves::look(expected, found),
        (Check::Logs(logs), Seen::Logs(streams)) => logs::look(logs, streams),
        (Check::Usage(usage), Seen::Usage(used)) => usage::look(usage, used),
        (Check::Run(run), Seen::Command(command)) => command::look(run, command),
        (Check::Job(job), Seen::Jobs(jobs)) => job::look(job, jobs),
        (Check::HelmTest(tests), Seen::Tests(seen)) => helm_test::look(tests, seen),
        (Check::Refuses(refusals), Seen::Refusals(answers)) => refuses::look(refusals, answers),
        _ => Judged::unseen("what was observed does not belong to this check"),
    }
}

fn found_in(seen: Option<&Seen>) -> &[seatrial_observation::Found] {
    match seen {
        Some(Seen::Objects(found)) => found,
        _ => &[],
    }
}

fn probes_in(seen: Option<&Seen>) -> &[ProbeOutcome] {
    match seen {
        Some(Seen::Probes(outcomes)) => outcomes,
        _ => &[],
    }
}

/// The words of a probe that failed.
fn failure_text(failure: &ProbeFailure) -> String {
    format!("{} ({})", kind_text(failure.kind), failure.message)
}

fn kind_text(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Refused => "connection refused",
        FailureKind::TimedOut => "no answer in time",
        FailureKind::Name => "the name does not resolve",
        FailureKind::Unreachable => "unreachable",
        FailureKind::Reset => "connection reset",
        FailureKind::Protocol => "not the protocol",
    }
}

/// Judges a probe of which a failure is expected. *Denied* is what fails here and answers elsewhere: `control` is the
/// same probe from there.
fn expected_failure(what: &str, expected: &str, outcome: &ProbeOutcome, control: Option<&ProbeOutcome>) -> Judged {
    let Err(failure) = &outcome.result else {
        return Judged::broken(format!("{what}: expected {expected}, but it answered"));
    };
    let kinds: &[FailureKind] = match expected {
        "denied" => return denied(what, failure, control),
        "refused" => return refused(what, failure, control),
        "timeout" => &[FailureKind::TimedOut],
        "unreachable" => &[FailureKind::Unreachable],
        "reset" => &[FailureKind::Reset],
        "name" => &[FailureKind::Name],
        _ => return Judged::unseen(format!("{what}: `{expected}` can't be told from a failure of another kind here")),
    };
    if kinds.contains(&failure.kind) {
        return Outcome::Holds.into();
    }
    Judged::broken(format!("{what}: expected {expected}, seen {}", failure_text(failure)))
}

/// Whatever way of failing: who denies may drop, reset or refuse. A name that does not resolve is no denial.
fn denied(what: &str, failure: &ProbeFailure, control: Option<&ProbeOutcome>) -> Judged {
    if matches!(failure.kind, FailureKind::Name | FailureKind::Protocol) {
        return Judged::broken(format!("{what}: expected denied, seen {}", failure_text(failure)));
    }
    match control.map(|control| &control.result) {
        Some(Ok(_)) => Outcome::Holds.into(),
        Some(Err(there)) => Judged::unseen(format!(
            "{what}: {}, but from elsewhere too ({}): nothing shows that it is denied",
            kind_text(failure.kind),
            failure_text(there)
        )),
        None => Judged::unseen(format!("{what}: {}, and nobody asked from elsewhere", kind_text(failure.kind))),
    }
}

/// A closed port refuses, and so does an address where nobody is: it takes an answer of the same address (of another port
/// now, or of this one before the event) to tell the two apart. A time-out is no refusal.
fn refused(what: &str, failure: &ProbeFailure, control: Option<&ProbeOutcome>) -> Judged {
    if failure.kind != FailureKind::Refused {
        return Judged::broken(format!("{what}: expected refused, seen {}", failure_text(failure)));
    }
    match control.map(|control| &control.result) {
        Some(Ok(_)) => Outcome::Holds.into(),
        Some(Err(there)) => Judged::unseen(format!(
            "{what}: connection refused, but nothing else answers at that address either ({}): nothing shows that \
             anybody is there",
            failure_text(there)
        )),
        None => Judged::unseen(format!(
            "{what}: connection refused, and nothing else could be asked at that address: promise it after a `when` \
             before which it answers, or by `tcp` of a Service with another port"
        )),
    }
}

/// Lines below a message.
fn last_lines(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |told, line| told + "\n  " + line)
}

/// How long a probe took: a value without a limit.
fn took(what: &str, outcome: &ProbeOutcome) -> Measured {
    Measured { what: what.to_owned(), value: outcome.took_ms, limit: None, unit: "ms".to_owned(), n: 1 }
}

/// What a look came to, in one line.
#[cfg(test)]
fn told(judged: Judged) -> String {
    match judged.outcome {
        Outcome::Holds => "holds".to_owned(),
        Outcome::Broken(message) => format!("broken: {message}"),
        Outcome::Unseen(message) => format!("unseen: {message}"),
        Outcome::Doomed(reason) if reason.detail.is_empty() => format!("doomed: {reason}"),
        Outcome::Doomed(reason) => format!("doomed: {reason} | {}", reason.detail.join(" | ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_observation::ProbeAnswer;

    fn answered() -> ProbeOutcome {
        ProbeOutcome { took_ms: 1.0, result: Ok(ProbeAnswer::Tcp { peer: "10.0.0.1:80".to_owned() }) }
    }

    fn failed(kind: FailureKind) -> ProbeOutcome {
        ProbeOutcome { took_ms: 1.0, result: Err(ProbeFailure { kind, message: "so".to_owned() }) }
    }

    fn check(outcome: &ProbeOutcome, control: Option<&ProbeOutcome>, expected: &str) {
        check_failure("denied", outcome, control, expected);
    }

    fn check_failure(promised: &str, outcome: &ProbeOutcome, control: Option<&ProbeOutcome>, expected: &str) {
        let seen = told(expected_failure("tcp svc/x", promised, outcome, control));
        assert!(seen.starts_with(expected), "{seen}");
    }

    #[test]
    fn denied_is_what_fails_here_and_answers_elsewhere() {
        for kind in [FailureKind::Refused, FailureKind::TimedOut, FailureKind::Reset, FailureKind::Unreachable] {
            check(&failed(kind), Some(&answered()), "holds");
        }
        check(&answered(), None, "broken: tcp svc/x: expected denied, but it answered");
        check(&failed(FailureKind::Name), Some(&answered()), "broken: tcp svc/x: expected denied, seen the name");
    }

    #[test]
    fn refused_is_a_closed_port_where_somebody_is() {
        fn check(outcome: &ProbeOutcome, control: Option<&ProbeOutcome>, expected: &str) {
            check_failure("refused", outcome, control, expected);
        }
        let closed = failed(FailureKind::Refused);
        check(&closed, Some(&answered()), "holds");
        check(
            &closed,
            Some(&closed),
            "unseen: tcp svc/x: connection refused, but nothing else answers at that address",
        );
        check(&closed, None, "unseen: tcp svc/x: connection refused, and nothing else could be asked");
        for kind in [FailureKind::TimedOut, FailureKind::Reset, FailureKind::Unreachable, FailureKind::Name] {
            check(&failed(kind), Some(&answered()), "broken: tcp svc/x: expected refused, seen");
        }
        check(&answered(), Some(&answered()), "broken: tcp svc/x: expected refused, but it answered");
    }

    #[test]
    fn what_answers_nobody_is_not_denied() {
        let dead = failed(FailureKind::Refused);
        check(&dead, Some(&dead), "unseen: tcp svc/x: connection refused, but from elsewhere too");
        check(&dead, None, "unseen: tcp svc/x: connection refused, and nobody asked");
    }
}
