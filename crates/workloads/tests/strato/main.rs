//! Strato's control plane and agent over loopback, with a Permify and a PostgreSQL that say no more than they must: the
//! protocol, both sides of a connection, what the API decides, the programs as containers run them, and each fault.

mod api;
mod both;
mod faults;
mod programs;
mod protocol;
mod support;
