//! Programs that `seatrial up` runs beside a release.

use super::Target;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A program beside the release: a pod in the release's namespace, or, where `up` makes containers, a container. Image
/// and variables are the same in both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    /// The image; one of Seatrial's own programs without a tag gets that of its sources.
    pub image: String,
    /// Where it listens, and its port on 127.0.0.1.
    pub port: u16,
    /// The path that answers 200 while it is well.
    pub health: String,
    /// Its variables.
    pub env: IndexMap<String, EnvText>,
}

/// The value of a variable: text, what the environment of `up` says, and addresses that differ between a cluster and plain
/// containers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvText(pub Vec<EnvPart>);

/// A part of a variable's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EnvPart {
    /// As it is written.
    Text(String),
    /// `HOST:PORT` of a Service port, as the program reaches it.
    Address(Target),
    /// A variable of the environment that `up` is called in.
    Variable(String),
}

impl EnvText {
    /// The value, with each address and each variable looked up; the part that names nothing is the error.
    pub fn with<'a>(
        &'a self,
        address: impl Fn(&Target) -> Option<String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<String, &'a EnvPart> {
        let part = |part: &'a EnvPart| match part {
            EnvPart::Text(text) => Ok(text.clone()),
            EnvPart::Address(target) => address(target).ok_or(part),
            EnvPart::Variable(name) => variable(name).ok_or(part),
        };
        self.0.iter().map(part).collect()
    }
}
