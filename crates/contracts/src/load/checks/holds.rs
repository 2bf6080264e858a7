//! `holds:`: another clause of the contract holds.

use crate::load::check_word::{CheckWord, read, schema_of};
use crate::model::Check;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "holds",
    about: "Another clause of this contract holds (here, or after the event).",
    is_static: false,
    schema: schema_of::<String>,
    parse: |value, at, found| read(value, at, found).map(Check::Holds),
};
