//! ^C and a polite kill: what is under way is dropped, so that the command can tear down.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The work's result, or nothing if the user or the system asked to stop.
pub(crate) async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        result = work => Some(result),
        () = until_interrupted() => None,
    }
}

/// Until SIGINT, SIGTERM or SIGHUP.
async fn until_interrupted() {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut signals: Vec<Signal> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    std::future::poll_fn(|context| {
        let is_any = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if is_any { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
