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
pub(crate) mod limits;
mod load_file;
mod need_file;
mod needs;
mod one_or_many;
mod pack_file;
mod prerequisites;
mod raw_clause;
mod repository;
mod repository_file;
mod saved;
mod scalars;
pub(crate) mod schema_check;
mod sections;
mod target;
mod throughout;
pub(crate) mod tree;
mod uses;
mod within;

pub(crate) use check_word::CHECKS;
pub(crate) use contract_file::ContractFile;
pub(crate) use needs::{WORDS as NEED_WORDS, need};
pub(crate) use pack_file::PackFile;
pub use pack_file::pack;
pub(crate) use repository::is_advisory;
pub use repository::repository;
pub(crate) use repository_file::RepositoryFile;

use crate::bind;
use crate::diagnostic::{Diagnostic, Places, child};
use crate::model::{Contract, Environment, Packs, RawClause, ReleaseSpec, Repository, Timeouts};
use crate::schema::FileKind;
use findings::Findings;
use indexmap::IndexMap;
use jiff::civil::Date;
use raw_clause::{Around, raw_clause};
use sections::{Sections, in_order};
use serde_json::Value;
use std::collections::BTreeSet;

/// What a contract is read in.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The requirement rows that `covers` may name; `None` looks at none.
    pub known_rows: Option<&'a BTreeSet<String>>,
    /// A `skip` whose day is before it is no mistake: its clause fails instead.
    pub today: Date,
    /// The repository file, where there is one.
    pub repository: Option<&'a Repository>,
    /// The packs of the repository.
    pub packs: &'a Packs,
}

/// Reads a contract that stands alone; see [`load_in`].
pub fn load(
    file: &str,
    text: &str,
    known_rows: Option<&BTreeSet<String>>,
    today: Date,
) -> Result<Contract, Vec<Diagnostic>> {
    load_in(file, text, &Surroundings { known_rows, today, repository: None, packs: &Packs::new() })
}

/// Reads a contract in its repository, or gives every mistake in it.
pub fn load_in(file: &str, text: &str, surroundings: &Surroundings<'_>) -> Result<Contract, Vec<Diagnostic>> {
    let tree = limits::tree(file, text).map_err(|mistake| vec![mistake])?;
    let mut found = Findings::new(tree.places.clone());
    let refused = schema_check::file(FileKind::Contract, &tree.value, &mut found);
    let sections = Sections { root: &tree.value, refused: &refused };
    let environments = sections.environments(&mut found);
    let Surroundings { known_rows, today, repository, packs } = *surroundings;
    let around = Around { environments: &environments, known_rows, today };
    let needs = needs::needs(&sections, &tree.places, &around, &mut found);
    let (mut clauses, mut mistakes) = clauses(&sections, &tree.places, &around, &mut found);
    let without = sections.without(packs, &mut found);
    let uses = used(&sections, repository, packs, &mut found);
    let (shared, more) = uses::clauses(&uses, packs, &without, &around);
    clauses.extend(shared);
    mistakes.extend(more);
    mistakes.extend(prerequisites::check(&clauses, &without));
    mistakes.extend(needs::check(&clauses, &needs));
    let contract = Contract {
        file: file.to_owned(),
        chart: tree.value["chart"].as_str().unwrap_or(".").to_owned(),
        release: sections.release(&mut found),
        cluster: sections.cluster(&mut found),
        timeouts: sections.timeouts(repository, &mut found),
        needs,
        without,
        uses: uses.into_keys().collect(),
        advisory: repository.map(|repository| repository.advisory.clone()).unwrap_or_default(),
        environments,
        clauses,
    };
    mistakes.extend(found.into_list());
    mistakes.extend(tree.mistakes);
    if mistakes.is_empty() { Ok(contract) } else { Err(in_order(mistakes)) }
}

/// The contract of a chart that has none and stands alone: one environment, no written clause.
#[must_use]
pub fn default_contract() -> Contract {
    Contract {
        file: String::new(),
        chart: ".".to_owned(),
        release: ReleaseSpec::default(),
        environments: IndexMap::from([("default".to_owned(), Environment::default())]),
        cluster: None,
        timeouts: Timeouts::default(),
        needs: IndexMap::new(),
        clauses: IndexMap::new(),
        without: IndexMap::new(),
        uses: Vec::new(),
        advisory: Vec::new(),
    }
}

/// The contract of a chart that has none, in its repository: what the repository gives to all charts.
pub fn default_contract_in(surroundings: &Surroundings<'_>) -> Result<Contract, Vec<Diagnostic>> {
    load_in("", "chart: .\n", surroundings)
}

/// The packs that are used, with their parameters.
fn used(
    sections: &Sections<'_>,
    repository: Option<&Repository>,
    packs: &Packs,
    found: &mut Findings<'_>,
) -> uses::Uses {
    let own: uses::Uses = sections.read("/uses", found).unwrap_or_default();
    uses::check(&own, packs, found);
    let all = repository.map_or_else(|| own.clone(), |repository| uses::merged(&repository.uses, &own));
    uses::missing(&all, packs, found);
    all
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
    (clauses, mistakes)
}

#[cfg(test)]
mod diagnostics_tests;
#[cfg(test)]
mod pack_tests;
#[cfg(test)]
mod tests;
