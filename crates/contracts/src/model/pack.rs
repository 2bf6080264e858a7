//! Packs: sets of clauses with parameters that many charts share.

use super::Contract;
use crate::diagnostic::Places;
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::BTreeMap;

/// The packs that Seatrial brings itself; they have no file and no parameters.
pub const BUILT_IN_PACKS: [&str; 1] = ["policy"];

/// A pack as it is written; a contract that uses it gives its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Pack {
    /// Its name: that of its file, without the ending.
    pub name: String,
    /// The file, as diagnostics print it.
    pub file: String,
    /// Parameter → default; `null` must be given.
    pub params: IndexMap<String, Value>,
    /// Clause name → tree.
    pub clauses: IndexMap<String, Value>,
    /// Where each node of the file is written.
    pub places: Places,
}

/// The packs of a repository by name.
pub type Packs = BTreeMap<String, Pack>;

impl Pack {
    /// The name of one of its clauses in a contract: `house.health`. No name of a written clause has a dot, so that
    /// packs collide with nothing.
    pub fn clause_name(&self, clause: &str) -> String {
        format!("{}.{clause}", self.name)
    }
}

impl Contract {
    /// Whether the contract, or the repository around it, uses this pack.
    pub fn uses_pack(&self, name: &str) -> bool {
        self.uses.iter().any(|used| used == name)
    }
}
