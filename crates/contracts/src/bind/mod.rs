//! Binding: a raw clause, with the facts of one environment and one element → a typed [`Clause`].

mod reference;
mod set_key;
mod values;

pub use values::merged_values;

use crate::diagnostic::{Diagnostic, hint};
use crate::load::findings::Findings;
use crate::load::{self, clause, schema_check};
use crate::model::{Clause, Contract, Need, Outputs, RawClause, RawNeed, Release};
use indexmap::IndexMap;
pub(crate) use reference::is_variable;
use reference::{Element, Known, look_up_all};
use serde_json::Value;
use std::collections::BTreeMap;

/// Whether a text is a key in Helm's own `--set` syntax.
pub(crate) fn is_set_key(text: &str) -> bool {
    set_key::parse(text).is_some()
}

/// The keys of maps that such a key goes through, from the outside.
pub(crate) fn set_keys(text: &str) -> Option<Vec<String>> {
    let of_map = |step| match step {
        set_key::Step::Key(key) => Some(key),
        set_key::Step::Index(_) => None,
    };
    Some(set_key::parse(text)?.into_iter().filter_map(of_map).collect())
}

/// Items that lists may get by setting the values of some keys.
pub(crate) fn filled<'k>(keys: impl Iterator<Item = &'k String>) -> usize {
    keys.filter_map(|key| set_key::parse(key)).map(|steps| set_key::filled(&steps)).sum()
}

/// What references of a clause are looked up in.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The environment's name.
    pub environment: &'a str,
    /// Variable, element and value of `each`.
    pub element: Option<(&'a str, &'a str, &'a Value)>,
    /// The merged values of the environment.
    pub values: &'a Value,
    /// The release.
    pub release: &'a Release,
    /// The chart's version.
    pub chart_version: &'a str,
    /// The run's id; `0` while plans are listed.
    pub run_id: &'a str,
    /// What the needs of the environment give, by name.
    pub needs: &'a IndexMap<String, Outputs>,
    /// The environment's variables.
    pub env: &'a BTreeMap<String, String>,
}

/// Looks up the references of a clause and parses it. `$(secret/NAME.key)` stays for run time.
pub fn bind(contract: &Contract, clause: &str, facts: &Facts<'_>) -> Result<Clause, Vec<Diagnostic>> {
    let Some(raw) = contract.clauses.get(clause) else {
        return Err(vec![unknown_clause(contract, clause)]);
    };
    let element = facts.element.map(|(variable, name, value)| Element::of(raw, variable, name, value));
    parse(raw, &Known { facts: Some(facts), element, params: &raw.params })
        .and_then(|parsed| parsed.ok_or_else(|| vec![unknown_clause(contract, clause)]))
}

/// Looks up the references of a need and parses it. What only a running need knows stays.
pub(crate) fn need(name: &str, raw: &RawNeed, facts: &Facts<'_>) -> Result<Option<Need>, Vec<Diagnostic>> {
    let known = Known { facts: Some(facts), element: None, params: &IndexMap::new() };
    let bound = look_up_all(&raw.tree, &known, &raw.places)?;
    let mut found = Findings::of_bound(raw.places.clone(), &bound.moved, None);
    let need = load::need(name, &bound.tree, &mut found);
    if found.is_empty() { Ok(need) } else { Err(found.into_list()) }
}

/// The mistakes of a clause that show without the facts of an environment, for each element.
pub(crate) fn trial(raw: &RawClause) -> Vec<Diagnostic> {
    let elements = raw.each.iter().flat_map(|(variable, elements)| elements.iter().map(move |e| (variable, e)));
    let mut mistakes = Vec::new();
    if raw.each.is_empty() {
        mistakes
            .extend(parse(raw, &Known { facts: None, element: None, params: &raw.params }).err().unwrap_or_default());
    }
    for (variable, (name, value)) in elements {
        let element = Some(Element::of(raw, variable, name, value));
        mistakes.extend(parse(raw, &Known { facts: None, element, params: &raw.params }).err().unwrap_or_default());
    }
    mistakes
}

/// `Ok(None)` where nothing is wrong but a reference is still open.
fn parse(raw: &RawClause, known: &Known<'_>) -> Result<Option<Clause>, Vec<Diagnostic>> {
    let bound = look_up_all(&raw.tree, known, &raw.places)?;
    let open = known.facts.is_none().then_some(&bound.tree);
    let mut found = Findings::of_bound(raw.places.clone(), &bound.moved, open);
    if bound.has_references {
        schema_check::clause(&bound.tree, &mut found);
    }
    if !found.is_empty() {
        return Err(found.into_list());
    }
    let clause = clause::clause(&bound.tree, raw.is_skip_expired, &mut found);
    if found.is_empty() { Ok(clause) } else { Err(found.into_list()) }
}

fn unknown_clause(contract: &Contract, clause: &str) -> Diagnostic {
    Diagnostic {
        code: "unknown-clause",
        message: format!("there is no clause `{clause}`"),
        hint: hint(clause, contract.clauses.keys().map(String::as_str).collect::<Vec<_>>()),
        file: contract.file.clone(),
        line: 1,
        column: 1,
    }
}

#[cfg(test)]
mod tests;
