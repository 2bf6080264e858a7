//! The command line of Seatrial: arguments in, printing and exit codes out. Everything else is in the library crates.

mod answer;
mod args;
mod clock;
mod commands;
mod context;
mod diagnostics;
mod exit;
mod failure;
mod interrupt;
mod lock;
mod planning;
mod printer;
mod published;
mod repository;
mod selection;
mod start;
mod trial;

pub use start::main;
