//! Expectations in plain YAML, and the paths they are found at.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a value is expected to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Expectation {
    /// `null` or `absent`: must not be there.
    Absent,
    /// `present`: must be there, whatever its value.
    Present,
    /// `unchanged`: the same as before `when`.
    Unchanged,
    /// Exactly this scalar (quantities compare by amount: `0.5` CPU is `500m`).
    Equal(Value),
    /// `< 80%`, `~ regex`, `!= x`.
    Compare(Comparison),
    /// An expression that must be true of the value.
    Cel(String),
    /// A partial map: each of these keys.
    Map(Vec<(String, Expectation)>),
    /// Each of these must match some item.
    List(Vec<Expectation>),
}

/// An operator and its operand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The operator.
    pub operator: Operator,
    /// The operand as written (`100Mi`, `200ms`, a regex).
    pub operand: String,
}

/// The operators of a comparing string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operator {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `!=`
    Not,
    /// `~`
    Matches,
    /// `=`
    Literal,
}

/// A path into an object: `spec.template.spec.containers.registry.image`.
///
/// Keys that hold dots or slashes are one step where the object has them (`metadata.annotations` then a map key), and
/// a list item is addressed by its `name`, `type` or `key`, by number, or by `*`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectPath(pub Vec<PathStep>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PathStep {
    /// A key of a map, or the name, type, key or number of a list item.
    Key(String),
    /// Every item, and at least one.
    All,
}

impl std::fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            let dot = if i == 0 { "" } else { "." };
            match step {
                PathStep::Key(key) => write!(f, "{dot}{key}")?,
                PathStep::All => write!(f, "{dot}*")?,
            }
        }
        Ok(())
    }
}
