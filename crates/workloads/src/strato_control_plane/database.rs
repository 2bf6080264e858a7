//! PostgreSQL: one connection, made again whenever it is gone. Queries of several requests share it: the protocol
//! queues them.

use super::config::Config;
use super::fault::Fault;
use crate::http::chain;
use crate::log::{self, Level};
use serde_json::json;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_postgres::{Client, NoTls};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(2);

/// How long the table may take.
const PREPARE: Duration = Duration::from_secs(5);

/// How long a query may take. Less than anybody waits for readiness, so that it can still be said what was missing.
const QUERY: Duration = Duration::from_millis(700);

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(250);

/// How long a reason that stays the same is not said again: whoever reads the last minute of the log is told.
const SILENCE: Duration = Duration::from_secs(10);

const TABLE: &str = "create table if not exists vms (
    id text primary key,
    name text not null,
    owner text not null,
    state text not null,
    created_at timestamptz not null default now()
)";

/// Why there is no answer from the database.
pub(super) type Reason = String;

/// The database.
pub(super) struct Database {
    config: tokio_postgres::Config,
    is_fatal: bool,
    state: Mutex<State>,
}

/// The connection, or why there is none.
type State = Result<Arc<Connected>, Reason>;

/// A connection; given up by whoever waited for it in vain.
struct Connected {
    client: Client,
    given_up: Notify,
}

impl Database {
    /// Nothing is connected yet.
    pub(super) fn new(config: &Config) -> Self {
        let is_fatal = config.faults.has(Fault::ExitsWithoutDatabase);
        let state = Mutex::new(Err("not connected yet".to_owned()));
        Self { config: config.database.clone(), is_fatal, state }
    }

    /// Connects, and connects again, for ever.
    pub(super) async fn keep(&self) {
        let mut ticks = tokio::time::interval(PAUSE);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut told = Told::default();
        loop {
            ticks.tick().await;
            let reason = self.connect_once().await;
            let is_lost = self.set(Err(reason.clone())).is_ok();
            if told.is_news(&reason, Instant::now()) || is_lost {
                let name = if is_lost { "database-lost" } else { "database-missing" };
                log::event(Level::Warn, name, &json!({ "reason": reason }));
            }
            if is_lost && self.is_fatal {
                std::process::exit(1);
            }
        }
    }

    /// Asks for nothing, to see that it answers.
    pub(super) async fn look(&self) -> Result<(), Reason> {
        self.query(async |client| client.simple_query("select 1").await.map(|_| ())).await
    }

    /// Asks, for a moment. Who does not answer in time has gone without a word: the connection is given up.
    pub(super) async fn query<T>(
        &self,
        ask: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Reason> {
        let connected = self.lock().clone()?;
        match tokio::time::timeout(QUERY, ask(&connected.client)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(chain(&error)),
            Err(_) => {
                connected.given_up.notify_one();
                Err(format!("no answer within {} ms", QUERY.as_millis()))
            }
        }
    }

    /// One connection, from its beginning to its end; says why it ended, or did not begin.
    async fn connect_once(&self) -> Reason {
        let connecting = tokio::time::timeout(CONNECT, self.config.connect(NoTls));
        let (client, connection) = match connecting.await {
            Ok(Ok(connected)) => connected,
            Ok(Err(error)) => return chain(&error),
            Err(_) => return format!("no connection within {} s", CONNECT.as_secs()),
        };
        let work = async {
            match tokio::time::timeout(PREPARE, client.batch_execute(TABLE)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return chain(&error),
                Err(_) => return "the table can't be made".to_owned(),
            }
            log::event(Level::Info, "database-connected", &json!({}));
            let connected = Arc::new(Connected { client, given_up: Notify::new() });
            let _ = self.set(Ok(Arc::clone(&connected)));
            connected.given_up.notified().await;
            "it answers no more".to_owned()
        };
        tokio::select! {
            ended = connection => ended.err().map_or_else(|| "the connection ended".to_owned(), |error| chain(&error)),
            reason = work => reason,
        }
    }

    /// Sets what is now, says what was.
    fn set(&self, state: State) -> State {
        std::mem::replace(&mut *self.lock(), state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last reason that was said, and when.
#[derive(Default)]
struct Told(Option<(Reason, Instant)>);

impl Told {
    /// Whether this is to be said now.
    fn is_news(&mut self, reason: &Reason, now: Instant) -> bool {
        let is_known = self.0.as_ref().is_some_and(|(last, at)| last == reason && now < *at + SILENCE);
        if !is_known {
            self.0 = Some((reason.clone(), now));
        }
        !is_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_said_again_after_a_while_and_another_at_once() {
        let (mut told, start) = (Told::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let said = [("refused", 0), ("refused", 9), ("refused", 11), ("timeout", 12), ("timeout", 13)]
            .map(|(reason, seconds)| told.is_news(&reason.to_owned(), at(seconds)));
        assert_eq!(said, [true, false, true, true, false]);
    }
}
