//! The binary `prober` as a container runs it: it answers, and one SIGTERM ends it at once.

use rustix::process::{Pid, Signal, kill_process};
use seatrial_observation::{HttpSpec, Look, ProbeAnswer, ProbeOutcome, ProbeSpec, Reason};
use seatrial_probes::client::{AskError, ask};
use seatrial_probes::wait::{Patience, until};
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(2);

#[expect(clippy::disallowed_methods, reason = "the harness, which runs commands elsewhere, is built on this crate")]
fn start(address: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_prober")).arg(address).spawn().expect("the prober starts")
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    listener.local_addr().expect("address").to_string()
}

fn patience() -> Patience {
    Patience::steady(Duration::from_secs(10), Duration::from_millis(10))
}

/// Asks until somebody listens; what the prober sees when it looks at itself.
async fn own_echo(address: &str) -> ProbeOutcome {
    let base = format!("http://{address}");
    let url = format!("{base}/echo");
    let spec = ProbeSpec::Http(HttpSpec::get(url));
    let patience = patience();
    let answered = until(&patience, async || match ask(&base, &spec, TIMEOUT).await {
        Err(AskError::NoAnswer { failure, .. }) => Ok(Look::Pending(Reason::new(failure.message))),
        other => other.map(Look::Ready),
    });
    answered.await.expect("the prober answers")
}

async fn end_of(child: &mut Child) -> ExitStatus {
    let patience = patience();
    let ended = until(&patience, async || {
        child.try_wait().map(|status| status.map_or_else(|| Look::Pending(Reason::new("it runs")), Look::Ready))
    });
    ended.await.expect("the prober ends")
}

#[tokio::test]
async fn a_prober_answers_and_ends_at_sigterm() {
    let address = free_address();
    let mut child = start(&address);
    let Ok(ProbeAnswer::Http(answer)) = own_echo(&address).await.result else { panic!("an echo") };
    assert_eq!((answer.status, answer.body.as_str()), (200, "echo"));
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).expect("the signal is sent");
    assert_eq!(end_of(&mut child).await.code(), Some(0), "it caught the signal");
}

#[tokio::test]
async fn an_argument_that_is_no_address_ends_it() {
    let mut child = start("nowhere");
    assert_eq!(end_of(&mut child).await.code(), Some(1));
}
