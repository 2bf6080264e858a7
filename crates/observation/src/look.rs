//! What one look at changing state means: it is there, it is not there yet, or it will never be.

use serde::{Deserialize, Serialize};

/// The answer of one look. `Doomed` ends a wait at once; a time-out carries the last `Pending` reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Look<T> {
    /// What was waited for, with what it brought.
    Ready(T),
    /// Not yet, and why.
    Pending(Reason),
    /// Never: waiting longer can't help, and why.
    Doomed(Reason),
}

impl<T> Look<T> {
    /// Whether this look ends a wait with success.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_))
    }

    /// Why it is not ready, if it is not.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Ready(_) => None,
            Self::Pending(reason) | Self::Doomed(reason) => Some(reason),
        }
    }

    /// The same look with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Look<U> {
        match self {
            Self::Ready(value) => Look::Ready(f(value)),
            Self::Pending(reason) => Look::Pending(reason),
            Self::Doomed(reason) => Look::Doomed(reason),
        }
    }
}

/// Why something is not ready: one line for people, the object it is about, and what was read there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// One line, in the terms of Kubernetes (`ErrImageNeverPull: image "x" …`).
    pub message: String,
    /// `kind/name` of the object that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Lines that help to understand it, for example the last lines of a crashed container's log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<String>,
}

impl Reason {
    /// A reason that is about no object in particular.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// A reason read off an object, written `kind/name`.
    pub fn of(object: impl Into<String>, message: impl Into<String>) -> Self {
        Self { message: message.into(), object: Some(object.into()), detail: Vec::new() }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.object {
            Some(object) => write!(f, "{object}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}
