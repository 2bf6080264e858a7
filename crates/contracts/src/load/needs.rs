//! `needs`: a tree → a typed need, all mistakes collected; and what others may name of it.

use super::check_word::read;
use super::findings::Findings;
use super::need_file::{ContainerFile, NeedFile};
use super::one_or_many::OneOrMany;
use super::raw_clause::{Around, environments};
use super::scalars::set_keys;
use super::sections::{Sections, label};
use crate::diagnostic::{Diagnostic, Places, child, hint};
use crate::model::{Database, Need, Outputs, Program, RawClause, RawNeed, Thing};
use indexmap::IndexMap;
use serde_json::Value;

/// The kinds of things, in the order of the documentation.
pub(crate) const WORDS: [&str; 9] =
    ["secret", "configmap", "namespace", "certificate", "crds", "chart", "postgres", "container", "addon"];

/// Those that are containers beside the cluster.
const STOPPABLE: [&str; 2] = ["postgres", "container"];

/// Addons that the language knows.
const ADDONS: [&str; 3] = ["metrics-server", "ingress", "gateway"];

/// What only a chart has beside its kind.
const OF_A_CHART: [&str; 3] = ["version", "values", "set"];

/// All needs that the schema accepts.
pub(super) fn needs(
    sections: &Sections<'_>,
    places: &Places,
    around: &Around<'_>,
    found: &mut Findings<'_>,
) -> IndexMap<String, RawNeed> {
    let written = sections.root.get("needs").and_then(Value::as_object).into_iter().flatten();
    let mut needs = IndexMap::new();
    for (name, tree) in written {
        let at = child("/needs", name);
        label_of_key(name, &at, found);
        let word = WORDS.iter().find(|word| tree.get(**word).is_some());
        if sections.is_sound(&at) {
            let mut aside = Findings::of_bound(places.below(&at), &[], Some(tree));
            need(name, tree, &mut aside);
            found.extend(aside);
        }
        let raw = RawNeed {
            tree: tree.clone(),
            line: places.at(&at).key.line,
            places: places.below(&at),
            environments: environments(tree, &at, around, found),
            word: word.map_or_else(String::new, |word| (*word).to_owned()),
            outputs: outputs(name, tree),
        };
        needs.insert(name.clone(), raw);
    }
    needs
}

fn label_of_key(name: &str, at: &str, found: &mut Findings<'_>) {
    found.of_key(|found| label(name, at, found));
}

/// Parses one need; `None` where mistakes were found.
pub(crate) fn need(name: &str, tree: &Value, found: &mut Findings<'_>) -> Option<Need> {
    let words: Vec<&str> = WORDS.iter().copied().filter(|word| tree.get(*word).is_some()).collect();
    let word = match words[..] {
        [one] => one,
        [] => {
            let hint = Some(format!("write one of {}", WORDS.join(", ")));
            found.key("", "no-need", format!("`{name}` does not say what is needed"), hint);
            return None;
        }
        [first, second, ..] => {
            let message = format!("two things in one need: `{first}` and `{second}`");
            found.key(&child("", second), "two-needs", message, None);
            return None;
        }
    };
    for key in OF_A_CHART.iter().filter(|key| word != "chart" && tree.get(**key).is_some()) {
        found.key(&child("", key), "misplaced-key", format!("`{key}` means nothing for `{word}`"), None);
    }
    let file: NeedFile = read(tree, "", found)?;
    Some(Need { name: name.to_owned(), thing: thing(file, found)? })
}

fn thing(file: NeedFile, found: &mut Findings<'_>) -> Option<Thing> {
    let thing = match file {
        NeedFile { secret: Some(data), .. } => Thing::Secret(data),
        NeedFile { configmap: Some(data), .. } => Thing::ConfigMap(data),
        NeedFile { namespace: Some(file), .. } => Thing::Namespace(file.labels),
        NeedFile { certificate: Some(file), .. } => Thing::Certificate(file.names),
        NeedFile { crds: Some(files), .. } => Thing::Crds(below_chart(files, "/crds", found)?),
        NeedFile { chart: Some(chart), version, values, set, .. } => {
            let set = set.unwrap_or_default();
            set_keys(set.keys(), "/set", found);
            Thing::Chart { chart, version, values: values.unwrap_or_default(), set }
        }
        NeedFile { postgres: Some(file), .. } => {
            let schema = file.schema.map_or(Some(Vec::new()), |files| below_chart(files, "/postgres/schema", found))?;
            Thing::Postgres(Database { version: file.version, tls: file.tls, schema })
        }
        NeedFile { container: Some(file), .. } => Thing::Container(program(file, found)?),
        NeedFile { addon: Some(addon), .. } => Thing::Addon(known_addon(addon, found)?),
        _ => return None,
    };
    Some(thing)
}

fn program(file: ContainerFile, found: &mut Findings<'_>) -> Option<Program> {
    if file.image.trim().is_empty() {
        found.value("/container/image", "bad-value", "an image has a name", None);
        return None;
    }
    Some(Program { image: file.image, port: file.port, env: file.env, args: file.args })
}

fn below_chart(files: OneOrMany<String>, at: &str, found: &mut Findings<'_>) -> Option<Vec<String>> {
    let files = files.into_vec();
    let is_outside = |file: &&String| file.starts_with('/') || file.split('/').any(|part| part == "..");
    if let Some(file) = files.iter().find(is_outside) {
        found.value(at, "bad-value", format!("`{file}` is not below the chart"), None);
        return None;
    }
    Some(files)
}

fn known_addon(addon: String, found: &mut Findings<'_>) -> Option<String> {
    if ADDONS.contains(&addon.as_str()) {
        return Some(addon);
    }
    found.value("/addon", "bad-value", format!("there is no addon `{addon}`"), hint(&addon, ADDONS));
    None
}

/// What `$(needs.NAME.…)` may name. Values of Secrets are named, never written in.
fn outputs(name: &str, tree: &Value) -> Outputs {
    let known = |value: &str| Some(value.to_owned());
    let in_secret = |key: &str| Some(format!("$(secret/{name}.{key})"));
    let mut outputs = Outputs::from([("name".to_owned(), known(name))]);
    let keys = |word: &str| tree.get(word).and_then(Value::as_object).into_iter().flatten();
    outputs.extend(keys("secret").map(|(key, _)| (key.clone(), in_secret(key))));
    outputs.extend(keys("configmap").map(|(key, value)| (key.clone(), value.as_str().map(ToOwned::to_owned))));
    if tree.get("certificate").is_some() {
        outputs.insert("ca".to_owned(), in_secret("ca.crt"));
    }
    if let Some(postgres) = tree.get("postgres") {
        let known = [("host", name), ("user", Database::ROLE), ("database", Database::NAME)];
        outputs.extend(known.map(|(word, value)| (word.to_owned(), Some(value.to_owned()))));
        outputs.insert("port".to_owned(), Some(Database::PORT.to_string()));
        outputs.extend(["url", "password"].map(|word| (word.to_owned(), in_secret(word))));
        if postgres["tls"] == true {
            outputs.insert("ca".to_owned(), in_secret("ca.crt"));
        }
    }
    if let Some(container) = tree.get("container") {
        outputs.extend(of_program(name, &container["port"]));
    }
    outputs
}

/// What leads to a program beside the cluster: the Service of the need's name.
fn of_program(name: &str, port: &Value) -> Outputs {
    // Where the port is a reference of its own, it is looked up with the need alone.
    let port = port.as_u64();
    let at = |before: &str| port.map(|port| format!("{before}{name}:{port}"));
    Outputs::from([
        ("host".to_owned(), Some(name.to_owned())),
        ("port".to_owned(), port.map(|port| port.to_string())),
        ("address".to_owned(), at("")),
        ("url".to_owned(), at("http://")),
    ])
}

/// `$(needs.…)` of clauses and of needs names what is there.
pub(super) fn check(clauses: &IndexMap<String, RawClause>, needs: &IndexMap<String, RawNeed>) -> Vec<Diagnostic> {
    let of_clauses = clauses.values().map(|raw| (&raw.tree, &raw.places));
    let of_needs = needs.values().map(|raw| (&raw.tree, &raw.places));
    let mut mistakes = Vec::new();
    for (tree, places) in of_clauses.chain(of_needs) {
        let mut found = Findings::new(places.clone());
        named(tree, "", needs, &mut found);
        mistakes.extend(found.into_list());
    }
    mistakes
}

fn named(value: &Value, at: &str, needs: &IndexMap<String, RawNeed>, found: &mut Findings<'_>) {
    match value {
        Value::String(text) => {
            let references = text.split("$(needs.").skip(1).filter_map(|rest| rest.split(')').next());
            references.for_each(|reference| exists(reference, at, needs, found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| named(item, &format!("{at}/{i}"), needs, found));
        }
        Value::Object(entries) => {
            for (key, item) in entries {
                let at = child(at, key);
                let stopped = item.as_str().filter(|_| key == "stop").and_then(|text| text.strip_prefix("needs/"));
                if let Some(name) = stopped {
                    can_be_stopped(name, &at, needs, found);
                }
                named(item, &at, needs, found);
            }
        }
        _ => {}
    }
}

/// `stop: needs/x` names a container.
fn can_be_stopped(name: &str, at: &str, needs: &IndexMap<String, RawNeed>, found: &mut Findings<'_>) {
    let all: Vec<&str> = needs
        .iter()
        .filter(|(_, need)| STOPPABLE.contains(&need.word.as_str()))
        .map(|(name, _)| name.as_str())
        .collect();
    if !all.contains(&name) {
        let message = format!("`needs/{name}` is no container that could be stopped");
        found.value(at, "unknown-reference", message, hint(name, all));
    }
}

fn exists(reference: &str, at: &str, needs: &IndexMap<String, RawNeed>, found: &mut Findings<'_>) {
    let (name, output) = reference.split_once('.').unwrap_or((reference, "name"));
    let Some(need) = needs.get(name) else {
        let hint = hint(name, needs.keys().map(String::as_str).collect::<Vec<_>>());
        return found.value(at, "unknown-reference", format!("there is no need `{name}`"), hint);
    };
    if !need.outputs.contains_key(output) {
        let hint = hint(output, need.outputs.keys().map(String::as_str).collect::<Vec<_>>());
        found.value(at, "unknown-reference", format!("the need `{name}` gives no `{output}`"), hint);
    }
}
