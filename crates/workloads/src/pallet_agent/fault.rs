//! Bad behaviour on purpose, asked for by `AGENT_FAULT` and off otherwise: what a judge of latencies must find, and must
//! not take for the noise of somebody else.

use axum::Router;
use axum::extract::Request;
use axum::middleware::map_request;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Threads that burn, for each CPU.
const BURNERS: usize = 4;

/// The request that it burns from.
const BURNS_FROM: u64 = 5;

/// Which requests stall: one of so many.
const ONE_OF: u64 = 20;

/// How long one of them holds up the whole server.
const STALL: Duration = Duration::from_millis(200);

/// What an agent may do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It keeps all CPUs busy, from its fifth request on: until then the node shall have the time to route to it, and to
    /// whoever asks it.
    Burn,
    /// Every 20th request stalls it, and all that come meanwhile.
    Stall,
}

impl Fault {
    pub(super) const ALL: [Self; 2] = [Self::Burn, Self::Stall];

    /// The word of `AGENT_FAULT`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Burn => "burn",
            Self::Stall => "stall",
        }
    }

    /// The same service, with this fault.
    pub(super) fn put_into(self, app: Router) -> Router {
        match self {
            Self::Burn => {
                let count = Arc::new(AtomicU64::new(0));
                app.layer(map_request(move |request: Request| {
                    if count.fetch_add(1, Ordering::Relaxed) + 1 == BURNS_FROM {
                        burn_all();
                    }
                    async move { request }
                }))
            }
            Self::Stall => {
                let count = Arc::new(AtomicU64::new(0));
                app.layer(map_request(move |request: Request| {
                    let number = count.fetch_add(1, Ordering::Relaxed) + 1;
                    async move { stalled(number, request) }
                }))
            }
        }
    }
}

fn burn_all() {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    for _ in 0..cpus * BURNERS {
        std::thread::spawn(|| {
            loop {
                std::hint::spin_loop();
            }
        });
    }
}

/// The program has one thread for all requests, so that this is a stall of all.
#[expect(clippy::disallowed_methods, reason = "to wait without looking at anything is what is asked for here")]
fn stalled(number: u64, request: Request) -> Request {
    if number.is_multiple_of(ONE_OF) {
        std::thread::sleep(STALL);
    }
    request
}
