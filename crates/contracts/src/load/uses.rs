//! `uses`: the clauses of packs, with the parameters of this contract, beside its own.

use super::findings::Findings;
use super::raw_clause::{Around, raw_clause};
use crate::bind;
use crate::diagnostic::{Diagnostic, Places, child, hint};
use crate::model::{BUILT_IN_PACKS, Pack, Packs, RawClause};
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// Parameters by pack, as `uses` gives them.
pub(super) type Uses = IndexMap<String, IndexMap<String, Value>>;

/// The packs that are used: those of the repository, and those of the contract, whose parameters win.
pub(super) fn merged(around: &Uses, own: &Uses) -> Uses {
    let mut all = around.clone();
    for (pack, params) in own {
        all.entry(pack.clone()).or_default().extend(params.clone());
    }
    all
}

/// Looks whether packs and parameters of a `uses` are there.
pub(super) fn check(uses: &Uses, packs: &Packs, found: &mut Findings<'_>) {
    for (name, params) in uses {
        let at = child("/uses", name);
        if BUILT_IN_PACKS.contains(&name.as_str()) {
            params.keys().for_each(|key| unknown_param(&child(&at, key), name, key, &[], found));
            continue;
        }
        let Some(pack) = packs.get(name) else {
            let known: Vec<&str> = BUILT_IN_PACKS.iter().copied().chain(packs.keys().map(String::as_str)).collect();
            let message = format!("there is no pack `{name}` (contracts/packs/{name}.yaml)");
            found.key(&at, "unknown-pack", message, hint(name, known));
            continue;
        };
        let known: Vec<&str> = pack.params.keys().map(String::as_str).collect();
        let unknown = params.keys().filter(|key| !known.contains(&key.as_str()));
        unknown.for_each(|key| unknown_param(&child(&at, key), name, key, &known, found));
    }
}

fn unknown_param(at: &str, pack: &str, key: &str, known: &[&str], found: &mut Findings<'_>) {
    found.key(at, "unknown-param", format!("the pack `{pack}` has no parameter `{key}`"), hint(key, known.to_vec()));
}

/// Parameters without a default that nobody gives.
pub(super) fn missing(uses: &Uses, packs: &Packs, found: &mut Findings<'_>) {
    for (pack, given) in uses.iter().filter_map(|(name, given)| Some((packs.get(name)?, given))) {
        let is_open = |(key, value): &(&String, &Value)| value.is_null() && !given.contains_key(*key);
        for (key, _) in pack.params.iter().filter(is_open) {
            let hint = Some(format!("write `uses: {{ {}: {{ {key}: … }} }}`", pack.name));
            let message = format!("the pack `{}` needs the parameter `{key}`", pack.name);
            found.key(&child("/uses", &pack.name), "missing-param", message, hint);
        }
    }
}

/// The clauses of the packs under the names they have here, and their mistakes.
pub(super) fn clauses(
    uses: &Uses,
    packs: &Packs,
    without: &IndexMap<String, String>,
    around: &Around<'_>,
) -> (IndexMap<String, RawClause>, Vec<Diagnostic>) {
    let (mut clauses, mut mistakes) = (IndexMap::new(), Vec::new());
    for (pack, given) in uses.iter().filter_map(|(name, given)| Some((packs.get(name)?, given))) {
        let params: IndexMap<String, Value> = pack.params.clone().into_iter().chain(given.clone()).collect();
        for (name, tree) in &pack.clauses {
            let called = pack.clause_name(name);
            if !without.contains_key(&called) {
                let (raw, more) = clause(pack, name, tree, params.clone(), around);
                mistakes.extend(more);
                clauses.insert(called, raw);
            }
        }
    }
    (clauses, mistakes)
}

fn clause(
    pack: &Pack,
    name: &str,
    tree: &Value,
    params: IndexMap<String, Value>,
    around: &Around<'_>,
) -> (RawClause, Vec<Diagnostic>) {
    let places: &Places = &pack.places;
    let mut found = Findings::new(places.clone());
    let raw = raw_clause(name, &at_home(pack, tree), places, around, &mut found);
    let raw = RawClause { pack: Some(pack.name.clone()), params, ..raw };
    let mut mistakes = found.into_list();
    if mistakes.is_empty() {
        mistakes.extend(bind::trial(&raw));
    }
    (raw, mistakes)
}

/// `after` and `holds` of a pack's clause name clauses of the pack first.
fn at_home(pack: &Pack, tree: &Value) -> Value {
    let Value::Object(entries) = tree else { return tree.clone() };
    let renamed = entries.iter().map(|(key, value)| match key.as_str() {
        "after" | "holds" => (key.clone(), names_at_home(pack, value)),
        "then" | "before" => (key.clone(), steps_at_home(pack, value)),
        _ => (key.clone(), value.clone()),
    });
    Value::Object(renamed.collect::<Map<_, _>>())
}

fn steps_at_home(pack: &Pack, steps: &Value) -> Value {
    match steps {
        Value::Array(steps) => steps.iter().map(|step| at_home(pack, step)).collect(),
        step => at_home(pack, step),
    }
}

fn names_at_home(pack: &Pack, names: &Value) -> Value {
    match names {
        Value::Array(names) => names.iter().map(|name| names_at_home(pack, name)).collect(),
        Value::String(name) => {
            let is_ours = pack.clauses.contains_key(name.split('[').next().unwrap_or_default());
            Value::from(if is_ours { pack.clause_name(name) } else { name.clone() })
        }
        other => other.clone(),
    }
}
