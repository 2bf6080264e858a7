//! The states of what `up` makes: cluster, release and data, each told by one word.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How far a cluster or a release is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// There is none.
    #[default]
    Absent,
    /// It is being made.
    Creating,
    /// It works.
    Ready,
    /// Making it ended here.
    Failed,
    /// It is being removed.
    Removing,
}

/// Where the data is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DataState {
    /// There is none.
    #[default]
    Absent,
    /// In the node or the container: it goes with it.
    Passing,
    /// On the host: only `down --clean-pvc` removes it.
    Kept,
}

/// The states of what `up` made under one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct States {
    /// The kind cluster; absent in Docker mode.
    pub cluster: State,
    /// The Helm release, or in Docker mode the containers.
    pub release: State,
    /// The data of its volumes.
    pub data: DataState,
}

impl States {
    /// Whether anything stands or may stand.
    pub fn is_standing(&self) -> bool {
        self.cluster != State::Absent || self.release != State::Absent
    }

    /// What ran is gone; data on the host is not.
    #[must_use]
    pub fn gone(self) -> Self {
        let data = if self.data == DataState::Kept { DataState::Kept } else { DataState::Absent };
        Self { data, ..Self::default() }
    }

    /// What was under way has come to nothing.
    #[must_use]
    pub fn failed(mut self) -> Self {
        for state in [&mut self.cluster, &mut self.release] {
            if *state == State::Creating {
                *state = State::Failed;
            }
        }
        self
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "absent",
            Self::Creating => "creating",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Removing => "removing",
        })
    }
}

impl fmt::Display for DataState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "absent",
            Self::Passing => "passing",
            Self::Kept => "kept",
        })
    }
}

impl fmt::Display for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cluster {}, release {}, data {}", self.cluster, self.release, self.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_under_way_fails_and_what_was_done_stays() {
        let states = States { cluster: State::Ready, release: State::Creating, data: DataState::Kept };
        assert_eq!(states.failed().to_string(), "cluster ready, release failed, data kept");
        assert!(states.is_standing());
        assert_eq!(states.gone().to_string(), "cluster absent, release absent, data kept");
        assert_eq!(States { data: DataState::Passing, ..states }.gone(), States::default());
        assert!(!States { data: DataState::Kept, ..States::default() }.is_standing());
    }
}
