//! From the errors of sockets, names and HTTP to the classes of failure that a clause can promise.

use crate::names::NameError;
use crate::probe::Deadline;
use seatrial_observation::{FailureKind, ProbeFailure};
use std::error::Error;
use std::io;

/// The failure that an error and its sources amount to; what is in no other class is a breach of the protocol.
pub(crate) fn of_error(error: &(dyn Error + 'static)) -> ProbeFailure {
    let kind = chain(error).find_map(kind_of).unwrap_or(FailureKind::Protocol);
    ProbeFailure { kind, message: message_of(error) }
}

/// The time-out of a whole probe.
pub(crate) fn timed_out(deadline: Deadline) -> ProbeFailure {
    let message = format!("no answer within {} s", deadline.timeout.as_secs_f64());
    ProbeFailure { kind: FailureKind::TimedOut, message }
}

/// A failure that no error type stands for.
pub(crate) fn protocol(message: impl Into<String>) -> ProbeFailure {
    ProbeFailure { kind: FailureKind::Protocol, message: message.into() }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn kind_of(error: &(dyn Error + 'static)) -> Option<FailureKind> {
    if error.is::<NameError>() {
        return Some(FailureKind::Name);
    }
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return kind_of_http(error);
    }
    error.downcast_ref::<io::Error>().and_then(kind_of_io)
}

fn kind_of_http(error: &hyper::Error) -> Option<FailureKind> {
    let is_cut = error.is_incomplete_message() || error.is_closed() || error.is_canceled();
    if error.is_parse() {
        Some(FailureKind::Protocol)
    } else if is_cut {
        Some(FailureKind::Reset)
    } else {
        None
    }
}

fn kind_of_io(error: &io::Error) -> Option<FailureKind> {
    use io::ErrorKind as Io;
    match error.kind() {
        Io::ConnectionRefused => Some(FailureKind::Refused),
        Io::TimedOut => Some(FailureKind::TimedOut),
        Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::UnexpectedEof => Some(FailureKind::Reset),
        // The last three are how Linux reports routes of the kinds prohibit, blackhole and "no such source".
        Io::HostUnreachable
        | Io::NetworkUnreachable
        | Io::NetworkDown
        | Io::PermissionDenied
        | Io::InvalidInput
        | Io::AddrNotAvailable
            if error.raw_os_error().is_some() =>
        {
            Some(FailureKind::Unreachable)
        }
        _ => None,
    }
}

/// The error's own words and those of its sources, without the wrappers that say only that a request failed.
fn message_of(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for link in chain(error).filter(|link| !is_wrapper(*link)) {
        let text = link.to_string();
        if words.last().is_none_or(|last| !last.ends_with(&text)) {
            words.push(text);
        }
    }
    words.join(": ")
}

fn is_wrapper(error: &(dyn Error + 'static)) -> bool {
    let is_outer = error.is::<reqwest::Error>() || error.to_string().starts_with("client error");
    is_outer && error.source().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: io::ErrorKind, kind: Option<FailureKind>) {
        assert_eq!(kind_of_io(&io::Error::from(error)), kind, "{error:?}");
    }

    #[test]
    fn socket_errors_have_their_class() {
        check(io::ErrorKind::ConnectionRefused, Some(FailureKind::Refused));
        check(io::ErrorKind::ConnectionReset, Some(FailureKind::Reset));
        check(io::ErrorKind::UnexpectedEof, Some(FailureKind::Reset));
        check(io::ErrorKind::TimedOut, Some(FailureKind::TimedOut));
        check(io::ErrorKind::Other, None);
    }

    #[test]
    fn only_the_kernel_says_unreachable() {
        let no_route = io::Error::from_raw_os_error(113);
        assert_eq!(kind_of_io(&no_route), Some(FailureKind::Unreachable), "EHOSTUNREACH");
        check(io::ErrorKind::InvalidInput, None);
    }

    #[test]
    fn an_error_without_a_class_is_a_breach_of_the_protocol() {
        let failure = of_error(&io::Error::other("gibberish"));
        assert_eq!(failure, protocol("gibberish"));
    }
}
