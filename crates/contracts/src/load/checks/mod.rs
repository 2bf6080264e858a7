//! The checks as they are written, one file each: its file type (which makes the schema) and how it is parsed.

pub(super) mod counts;
pub(super) mod dns;
pub(super) mod helm_test;
pub(super) mod holds;
pub(super) mod http;
pub(super) mod job;
pub(super) mod leaves;
pub(super) mod logs;
pub(super) mod metrics;
pub(super) mod objects;
pub(super) mod postgres;
pub(super) mod rbac;
pub(super) mod ready;
pub(super) mod refuses;
pub(super) mod registry;
pub(super) mod restarts;
pub(super) mod run;
pub(super) mod same;
pub(super) mod tcp;
pub(super) mod tls;
pub(super) mod usage;
pub(super) mod ws;
