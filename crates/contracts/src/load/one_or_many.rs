//! `covers: PAL-005` and `covers: [PAL-004, PAL-005]`: one, or a list.

use schemars::JsonSchema;
use serde::Deserialize;

/// One, or a list that is not empty.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum OneOrMany<T> {
    One(T),
    Many(#[schemars(length(min = 1))] Vec<T>),
}

impl<T> OneOrMany<T> {
    pub(crate) fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }

    /// Each with its pointer.
    pub(crate) fn at(self, pointer: &str) -> Vec<(String, T)> {
        match self {
            Self::One(one) => vec![(pointer.to_owned(), one)],
            Self::Many(many) => {
                many.into_iter().enumerate().map(|(i, item)| (format!("{pointer}/{i}"), item)).collect()
            }
        }
    }
}
