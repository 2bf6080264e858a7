//! Contract files: text → located tree → schema → file types → [`Contract`], every mistake reported at once with its
//! line and column.
//!
//! A new check is a file in `checks/` and a line in [`check_word::CHECKS`]; a new event is a field and an arm in
//! `event`; a new circumstance is a field in `clause_file` and a line in `clause`.

mod beside;
mod check_word;
mod checks;
pub(crate) mod clause;
mod clause_file;
mod cluster;
mod contract_file;
mod event;
mod expectation;
pub(crate) mod findings;
mod latency;
mod latency_file;
mod one_or_many;
mod prerequisites;
mod raw_clause;
mod scalars;
pub(crate) mod schema_check;
mod sections;
mod target;
pub(crate) mod tree;
mod within;

pub(crate) use contract_file::ContractFile;
pub(crate) use scalars::not_built;

use crate::bind;
use crate::diagnostic::{Diagnostic, Places, child};
use crate::model::{Contract, Environment, RawClause, ReleaseSpec, Timeouts};
use findings::Findings;
use indexmap::IndexMap;
use jiff::civil::Date;
use raw_clause::{Around, raw_clause};
use sections::Sections;
use serde_json::Value;
use std::collections::BTreeSet;

/// Reads a contract, or gives every mistake in it.
///
/// `known_rows` are the requirement rows that `covers` may name; `None` looks at none. A `skip` whose day is before
/// `today` is no mistake: its clause fails instead.
pub fn load(
    file: &str,
    text: &str,
    known_rows: Option<&BTreeSet<String>>,
    today: Date,
) -> Result<Contract, Vec<Diagnostic>> {
    let tree = tree::parse(file, text).map_err(|mistake| vec![mistake])?;
    let mut found = Findings::new(tree.places.clone());
    let refused = schema_check::contract(&tree.value, &mut found);
    let sections = Sections { root: &tree.value, refused: &refused };
    let environments = sections.environments(&mut found);
    let around = Around { environments: &environments, known_rows, today };
    let (clauses, mut mistakes) = clauses(&sections, &tree.places, &around, &mut found);
    let contract = Contract {
        file: file.to_owned(),
        chart: tree.value["chart"].as_str().unwrap_or(".").to_owned(),
        release: sections.release(&mut found),
        cluster: sections.cluster(&mut found),
        timeouts: sections.timeouts(&mut found),
        without: sections.without(&mut found),
        environments,
        clauses,
    };
    mistakes.extend(found.into_list());
    mistakes.extend(tree.mistakes);
    if mistakes.is_empty() { Ok(contract) } else { Err(in_order(mistakes)) }
}

/// The contract of a chart that has none: one environment, no written clause.
#[must_use]
pub fn default_contract() -> Contract {
    Contract {
        file: String::new(),
        chart: ".".to_owned(),
        release: ReleaseSpec::default(),
        environments: IndexMap::from([("default".to_owned(), Environment::default())]),
        cluster: None,
        timeouts: Timeouts::default(),
        clauses: IndexMap::new(),
        without: IndexMap::new(),
    }
}

/// Every clause that the schema accepts, bound once for each element to find its mistakes.
fn clauses(
    sections: &Sections<'_>,
    places: &Places,
    around: &Around<'_>,
    found: &mut Findings<'_>,
) -> (IndexMap<String, RawClause>, Vec<Diagnostic>) {
    let mut clauses = IndexMap::new();
    let mut mistakes = Vec::new();
    let written = sections.root.get("clauses").and_then(Value::as_object);
    for (name, tree) in written.into_iter().flatten() {
        let is_sound = sections.is_sound(&child("/clauses", name));
        let mut aside = Findings::new(places.clone());
        let raw = raw_clause(name, tree, places, around, if is_sound { &mut *found } else { &mut aside });
        if is_sound {
            mistakes.extend(bind::trial(&raw));
        }
        clauses.insert(name.clone(), raw);
    }
    prerequisites::check(&clauses, found);
    (clauses, mistakes)
}

/// By line and column; a mistake that several elements share is told once.
fn in_order(mut mistakes: Vec<Diagnostic>) -> Vec<Diagnostic> {
    mistakes.sort_by(|a, b| (a.line, a.column, a.code, &a.message).cmp(&(b.line, b.column, b.code, &b.message)));
    mistakes.dedup();
    mistakes
}

#[cfg(test)]
mod tests;
