//! Seatrial's probes: a [`ProbeSpec`](seatrial_observation::ProbeSpec) in, a
//! [`ProbeOutcome`](seatrial_observation::ProbeOutcome) out, from wherever they run; the one wait; and the
//! prober, which serves the same probes over HTTP from inside a cluster.

pub mod client;
pub mod server;
pub mod wait;

mod certificate;
mod dns;
mod exchange;
mod failure;
mod first_answer;
mod http;
mod latency;
mod names;
mod postgres;
mod probe;
mod registry;
mod tcp;
#[cfg(test)]
mod test_server;
mod tls;
mod way;
mod ws;

pub use latency::measure;
pub use probe::probe;
pub use tls::install_tls_provider;
