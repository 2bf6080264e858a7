//! The one wait primitive. State is looked at again and again until it is [`Look::Ready`], is doomed, or the
//! patience is over; an error of looking is kept apart from the state that was seen. Nothing else in the
//! workspace sleeps.

use seatrial_observation::{Look, Reason};
use std::fmt::Display;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long to wait, and how often to look meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// When to give up, counted from the first look.
    pub give_up: Duration,
    /// The pause between two looks.
    pub pace: Pace,
}

impl Patience {
    /// Looks at one steady interval.
    #[must_use]
    pub fn steady(give_up: Duration, every: Duration) -> Self {
        Self { give_up, pace: Pace::steady(every) }
    }

    /// Looks at doubling intervals, from `first` up to `most`.
    #[must_use]
    pub fn backoff(give_up: Duration, first: Duration, most: Duration) -> Self {
        Self { give_up, pace: Pace::backoff(first, most) }
    }
}

/// The pause between two looks, from the end of one to the begin of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    first: Duration,
    most: Duration,
}

impl Pace {
    /// Always the same pause.
    #[must_use]
    pub fn steady(every: Duration) -> Self {
        Self { first: every, most: every }
    }

    /// A pause that doubles from `first` up to `most`.
    #[must_use]
    pub fn backoff(first: Duration, most: Duration) -> Self {
        Self { first: first.min(most), most }
    }

    fn after(self, pause: Duration) -> Duration {
        pause.saturating_mul(2).min(self.most)
    }
}

/// As good as never; it keeps `Duration::MAX` from overflowing the clock.
const A_YEAR: Duration = Duration::from_hours(24 * 365);

/// Why a wait ended without what was waited for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// Patience was over first.
    #[error("{}", timed_out(*after, last.as_ref(), last_error.as_deref()))]
    TimedOut {
        /// How long was waited.
        after: Duration,
        /// What the last look that worked said.
        last: Option<Reason>,
        /// The last error of looking, where the most recent look did not work.
        last_error: Option<String>,
    },
    /// Waiting longer could not help.
    #[error("{0}")]
    Doomed(Reason),
}

impl WaitError {
    /// The state that explains the end of the wait, if any look saw one.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::TimedOut { last, .. } => last.as_ref(),
            Self::Doomed(reason) => Some(reason),
        }
    }
}

/// Looks until the state is ready. The first look is at once; an `Err` of `look` is an error of looking (the API
/// server did not answer): it is remembered, and the state is looked at again. A look that is still under way
/// when patience is over is dropped.
pub async fn until<T, E: Display>(
    patience: &Patience,
    mut look: impl AsyncFnMut() -> Result<Look<T>, E>,
) -> Result<T, WaitError> {
    let start = Instant::now();
    let deadline = start + patience.give_up.min(A_YEAR);
    let mut pause_for = patience.pace.first;
    let mut last = None;
    let mut last_error = None;
    loop {
        match timeout_at(deadline, look()).await {
            Ok(Ok(Look::Ready(value))) => return Ok(value),
            Ok(Ok(Look::Doomed(reason))) => return Err(WaitError::Doomed(reason)),
            Ok(Ok(Look::Pending(reason))) => (last, last_error) = (Some(reason), None),
            Ok(Err(error)) => last_error = Some(error.to_string()),
            Err(_) => last_error = last_error.or_else(|| Some("the last look was still under way".to_owned())),
        }
        if Instant::now() >= deadline {
            return Err(WaitError::TimedOut { after: start.elapsed(), last, last_error });
        }
        pause(pause_for.min(deadline - Instant::now())).await;
        pause_for = patience.pace.after(pause_for);
    }
}

/// The only sleep, for those who drive a state machine that says when to look again.
#[expect(clippy::disallowed_methods, reason = "this is the one home of sleeping (invariant 5)")]
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// The only sleep outside of async code.
#[expect(clippy::disallowed_methods, reason = "this is the one home of sleeping (invariant 5)")]
pub fn pause_blocking(time: Duration) {
    std::thread::sleep(time);
}

fn timed_out(after: Duration, last: Option<&Reason>, last_error: Option<&str>) -> String {
    let seen = last.map_or_else(|| "nothing was seen".to_owned(), ToString::to_string);
    let error = last_error.map(|error| format!(" (the last look failed: {error})")).unwrap_or_default();
    format!("gave up after {:.1} s: {seen}{error}", after.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    type Script = VecDeque<Result<Look<u8>, &'static str>>;

    fn pending(text: &str) -> Look<u8> {
        Look::Pending(Reason::of("pod/web-0", text))
    }

    /// Plays the script, then repeats its last line; returns the outcome, the looks and the seconds waited.
    async fn play(lines: Vec<Result<Look<u8>, &'static str>>, patience: Patience) -> (Result<u8, WaitError>, u32, f64) {
        let mut script = Script::from(lines);
        let mut looks = 0;
        let start = Instant::now();
        let end = until(&patience, async || {
            looks += 1;
            if script.len() > 1 { script.pop_front().expect("line") } else { script[0].clone() }
        })
        .await;
        (end, looks, start.elapsed().as_secs_f64())
    }

    fn ten_seconds() -> Patience {
        Patience::steady(Duration::from_secs(10), Duration::from_secs(1))
    }

    #[tokio::test(start_paused = true)]
    async fn ready_at_once_waits_for_nothing() {
        let (end, looks, seconds) = play(vec![Ok(Look::Ready(7))], ten_seconds()).await;
        assert_eq!((end, looks), (Ok(7), 1));
        assert!(seconds < 0.001, "waited {seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn pending_is_looked_at_again() {
        let (end, looks, seconds) =
            play(vec![Ok(pending("a")), Ok(pending("b")), Ok(Look::Ready(7))], ten_seconds()).await;
        assert_eq!((end, looks), (Ok(7), 3));
        assert!((2.0..2.1).contains(&seconds), "waited {seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn doomed_ends_at_once_and_names_the_cause() {
        let doom = Ok(Look::Doomed(Reason::of("pod/web-0", "ErrImageNeverPull")));
        let (end, looks, seconds) = play(vec![Ok(pending("a")), doom], ten_seconds()).await;
        assert_eq!(end.expect_err("doomed").to_string(), "pod/web-0: ErrImageNeverPull");
        assert_eq!(looks, 2);
        assert!((1.0..1.1).contains(&seconds), "waited {seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_out_carries_the_last_reason() {
        let (end, looks, seconds) = play(vec![Ok(pending("a")), Ok(pending("0 of 1 ready"))], ten_seconds()).await;
        let error = end.expect_err("timed out");
        assert_eq!(error.reason().map(|reason| reason.message.as_str()), Some("0 of 1 ready"));
        assert_eq!(error.to_string(), "gave up after 10.0 s: pod/web-0: 0 of 1 ready");
        assert!(looks >= 10, "looks {looks}");
        assert!((10.0..10.1).contains(&seconds), "waited {seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_of_looking_is_kept_apart() {
        let (end, ..) = play(vec![Ok(pending("0 of 1 ready")), Err("connection refused")], ten_seconds()).await;
        let Err(WaitError::TimedOut { last, last_error, .. }) = end else { panic!("timed out") };
        assert_eq!(last.map(|reason| reason.message).as_deref(), Some("0 of 1 ready"));
        assert_eq!(last_error.as_deref(), Some("connection refused"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_that_healed_is_forgotten() {
        let (end, ..) = play(vec![Err("connection refused"), Ok(pending("0 of 1 ready"))], ten_seconds()).await;
        assert_eq!(end.expect_err("timed out").to_string(), "gave up after 10.0 s: pod/web-0: 0 of 1 ready");
    }

    #[tokio::test(start_paused = true)]
    async fn only_errors_is_nothing_seen() {
        let (end, ..) = play(vec![Err("no route")], ten_seconds()).await;
        let text = end.expect_err("timed out").to_string();
        assert_eq!(text, "gave up after 10.0 s: nothing was seen (the last look failed: no route)");
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_never_ends_does_not_outlive_patience() {
        let patience = ten_seconds();
        let end: Result<u8, _> = until(&patience, async || -> Result<Look<u8>, String> {
            std::future::pending::<()>().await;
            unreachable!("the look never ends")
        })
        .await;
        let Err(WaitError::TimedOut { last: None, last_error, .. }) = end else { panic!("timed out") };
        assert_eq!(last_error.as_deref(), Some("the last look was still under way"));
    }

    #[tokio::test(start_paused = true)]
    async fn patience_may_be_endless() {
        let patience = Patience::steady(Duration::MAX, Duration::from_secs(1));
        let (end, ..) = play(vec![Ok(pending("a")), Ok(Look::Ready(7))], patience).await;
        assert_eq!(end, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn backoff_doubles_up_to_its_bound() {
        let patience = Patience::backoff(Duration::from_mins(1), Duration::from_secs(1), Duration::from_secs(5));
        let mut stamps = Vec::new();
        let start = Instant::now();
        let end = until(&patience, async || -> Result<Look<()>, String> {
            stamps.push(start.elapsed().as_secs());
            Ok(if stamps.len() == 6 { Look::Ready(()) } else { Look::Pending(Reason::new("not yet")) })
        })
        .await;
        assert_eq!((end, stamps), (Ok(()), vec![0, 1, 3, 7, 12, 17]));
    }

    /// A wait can be part of a task that moves between threads.
    #[tokio::test(start_paused = true)]
    async fn a_wait_is_send() {
        let task = tokio::spawn(async {
            until(&ten_seconds(), async || {
                tokio::task::yield_now().await;
                Ok::<_, String>(Look::Ready(()))
            })
            .await
        });
        assert_eq!(task.await.expect("task"), Ok(()));
    }
}
