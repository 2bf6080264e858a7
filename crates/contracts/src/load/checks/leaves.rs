//! `leaves:`: exactly what is left after an uninstall.

use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::findings::Findings;
use crate::load::scalars::object;
use crate::model::Check;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "leaves",
    about: "Exactly these objects are left after an uninstall.",
    is_static: false,
    schema: schema_of::<Vec<String>>,
    parse,
};

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let names: Vec<String> = read(value, at, found)?;
    let names = names.into_iter().enumerate();
    let targets: Vec<_> = names.map(|(i, text)| object(&text, &format!("{at}/{i}"), found)).collect();
    targets.into_iter().collect::<Option<Vec<_>>>().map(Check::Leaves)
}
