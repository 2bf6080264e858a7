//! The language reference, `docs/language.md`: written from the types, with an example for each word. Every example is
//! loaded by a test; those on the files are judged as well.

use crate::judge::{DEFAULTS_ON_FILES, POLICY_NAMES};
use crate::load::{CHECKS, NEED_WORDS};
use crate::schema::{self, FileKind};
use serde_json::Value;

/// The examples, `## SECTION WORD` before each.
const EXAMPLES: &str = include_str!("examples.yaml");

const HEAD: &str = "# The language

Written by the test `the_language_is_documented` from the types and from examples that a test runs; do not edit.

A contract is a chart, its release, its environments, what it needs, and clauses: name → promise. A clause is exactly one
check and any circumstances. Editors complete all of it where the first line of the file is

```yaml
# yaml-language-server: $schema=https://seatrial.dev/schema/v1/contract.json
```

or the path of `docs/contract.schema.json` (`docs/pack.schema.json` and `docs/repository.schema.json` for packs and for
`seatrial.yaml`); `seatrial schema contract|pack|repository` prints them. `seatrial explain CLAUSE` shows a clause with
all defaults filled in.
";

/// What stands in many places of a contract: section of the examples, title, and what it is.
const GRAMMAR: [(&str, &str, &str); 4] = [
    (
        "targets",
        "Targets",
        "What a clause is about: one text, the same everywhere. What it names must be in the render; a port is left out \
         where there is only one.",
    ),
    (
        "expectations",
        "Expectations",
        "What a field, a header or a sample must be, in `rendered`, `object`, `expect` and wherever else values are \
         compared. Amounts have units (`100Mi`, `1GB`, `500m`, `200ms`, `80% of limit`); `unchanged` compares with what was \
         there before `when`.",
    ),
    ("paths", "Paths", "The keys of an expected object lead into it, with dots; items of a list have names."),
    ("references", "References", "`$(…)` is looked up, never computed."),
];

/// An example: the section and word it is for, and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Example {
    pub(crate) section: &'static str,
    pub(crate) word: &'static str,
    pub(crate) text: &'static str,
}

/// All examples, in the order of the file.
pub(crate) fn examples() -> Vec<Example> {
    let parts = EXAMPLES.split("\n## ").skip(1);
    parts
        .filter_map(|part| {
            let (head, text) = part.split_once('\n')?;
            let (section, word) = head.split_once(' ')?;
            Some(Example { section, word, text: text.trim_end() })
        })
        .collect()
}

/// The whole page.
pub fn reference() -> String {
    let mut blocks = vec![HEAD.trim_end().to_owned()];
    blocks.extend(sections(FileKind::Contract, "The contract", "contract"));
    blocks.push("## Checks\n\nWhat is promised; exactly one a clause, or one an entry of `then`.".to_owned());
    for check in CHECKS {
        let tier = if check.is_static { " Judged on the rendered files." } else { "" };
        blocks.extend(word("checks", check.key, &format!("{}{tier}", check.about)));
    }
    let sets = [
        ("circumstances", "Circumstances", "Where, when and how long the promise holds.", circumstances()),
        ("events", "Events", "What happens: in `when`, one or a list.", events()),
        ("needs", "Needs", "What the chart expects to find; `$(needs.NAME.OUTPUT)` names what a need gives.", needs()),
    ];
    for (section, title, about, words) in sets {
        blocks.push(format!("## {title}\n\n{about}"));
        blocks.extend(words.iter().flat_map(|(key, about)| word(section, key, about)));
    }
    for (section, title, about) in GRAMMAR {
        blocks.push(format!("## {title}\n\n{about}"));
        for example in examples().into_iter().filter(|example| example.section == section) {
            let word = if section == "references" { format!("$({})", example.word) } else { example.word.to_owned() };
            blocks.extend([format!("### `{word}`"), block(&example)]);
        }
    }
    blocks.extend(sections(FileKind::Pack, "Packs", "pack"));
    blocks.extend(sections(FileKind::Repository, "The repository file", "repository"));
    blocks.join("\n\n") + "\n"
}

/// Names of all that the files decide: implicit and default clauses, the policy pack, and the checks of written ones.
pub fn judged_on_files() -> Vec<&'static str> {
    let clauses = ["renders", "decodes", "named"].into_iter().chain(DEFAULTS_ON_FILES).chain(POLICY_NAMES);
    clauses.chain(CHECKS.iter().filter(|check| check.is_static).map(|check| check.key)).collect()
}

fn block(example: &Example) -> String {
    format!("```yaml\n{}\n```", example.text)
}

/// The top-level keys of a file, as a list, and an example of the whole.
fn sections(kind: FileKind, title: &str, word: &str) -> Vec<String> {
    let keys: Vec<String> =
        properties(schema::of(kind)).into_iter().map(|(key, about)| format!("- `{key}`: {about}")).collect();
    let mut blocks = vec![format!("## {title}"), keys.join("\n")];
    blocks.extend(of("files", word).iter().map(block));
    blocks
}

fn of(section: &str, word: &str) -> Vec<Example> {
    examples().into_iter().filter(|example| (example.section, example.word) == (section, word)).collect()
}

fn word(section: &str, key: &str, about: &str) -> Vec<String> {
    let mut blocks = vec![format!("### `{key}`"), about.replace('\n', " ")];
    blocks.extend(of(section, key).iter().map(block));
    blocks
}

/// Keys of a schema's object, each with its description.
fn properties(schema: &Value) -> Vec<(String, String)> {
    let entries = schema["properties"].as_object().into_iter().flatten();
    let about = |value: &Value| value["description"].as_str().unwrap_or_default().replace('\n', " ");
    entries.map(|(key, value)| (key.clone(), about(value))).collect()
}

fn circumstances() -> Vec<(String, String)> {
    let all = properties(&schema::of(FileKind::Contract)["$defs"]["Clause"]);
    all.into_iter().filter(|(key, _)| CHECKS.iter().all(|check| check.key != key)).collect()
}

/// Events with an object, and those that are a word alone.
fn events() -> Vec<(String, String)> {
    let mut all = properties(&schema::of(FileKind::Contract)["$defs"]["EventMap"]);
    let words = [
        ("reinstall", "Uninstall, and install again."),
        ("uninstall", "Uninstall the release."),
        ("rollback", "Back to the revision before, after an upgrade of the same clause."),
        (
            "restartNode",
            "All that runs on the nodes is killed at once, and started again, as after a crash of the machine.",
        ),
    ];
    for (key, about) in words {
        if all.iter().all(|(known, _)| known != key) {
            all.push((key.to_owned(), about.to_owned()));
        }
    }
    all
}

fn needs() -> Vec<(String, String)> {
    let all = properties(&schema::of(FileKind::Contract)["$defs"]["NeedFile"]);
    all.into_iter().filter(|(key, _)| NEED_WORDS.contains(&key.as_str())).collect()
}

#[cfg(test)]
mod tests;
