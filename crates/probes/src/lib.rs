//! Seatrial's probes: a [`ProbeSpec`](seatrial_observation::ProbeSpec) in, a
//! [`ProbeOutcome`](seatrial_observation::ProbeOutcome) out, from wherever they run; and the one wait.

pub mod wait;
