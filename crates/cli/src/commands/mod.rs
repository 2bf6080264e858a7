//! One verb a file: its arguments and what it does.

pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod down;
pub(crate) mod explain;
pub(crate) mod guard;
pub(crate) mod health;
pub(crate) mod list;
pub(crate) mod plan;
pub(crate) mod reap;
pub(crate) mod schema;
pub(crate) mod setup;
pub(crate) mod trace;
pub(crate) mod up;
pub(crate) mod verify;
