//! Documents that run: what the README and CONTRIBUTING tell a newcomer to type exists, and the contracts that they
//! show are contracts; messages that the troubleshooting guide explains are messages; versions are the pinned ones.

use e2e::program::{Program, root};
use regex::Regex;
use seatrial_contracts::load::load;
use std::collections::BTreeSet;

const DOCUMENTS: [&str; 9] = [
    "README.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "docs/quickstart.md",
    "docs/set-up.md",
    "docs/strato/migration.md",
    "docs/strato/quickstart.md",
    "docs/troubleshooting.md",
    "docs/versions.md",
];

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).expect("a document of this repository")
}

/// The words after `command ` wherever a document has it in code: between backticks or in a fenced block.
fn called(command: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for document in DOCUMENTS {
        let text = text(document);
        let code = text.split('`').skip(1).step_by(2).chain(text.split("```").skip(1).step_by(2));
        for line in code.flat_map(str::lines).map(str::trim) {
            let rest = line.strip_prefix(command).or_else(|| line.strip_prefix("./")?.strip_prefix(command));
            words.extend(rest.and_then(|rest| rest.split_whitespace().next()).map(str::to_owned));
        }
    }
    words
}

#[test]
fn every_recipe_that_a_document_names_is_there() {
    let justfile = text("justfile");
    let is_there = |name: &str| {
        justfile.lines().any(|line| {
            let recipe = line.split([' ', ':']).next().unwrap_or_default();
            recipe == name || line.starts_with(&format!("alias {name} "))
        })
    };
    let named = called("just ");
    assert!(named.contains("verify") && named.contains("ci"), "{named:?}");
    let missing: Vec<_> = named.iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "documents name recipes that are not there: {missing:?}");
}

#[test]
fn every_verb_that_a_document_names_is_there() {
    let program = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e"));
    let named = called("seatrial ");
    assert!(named.contains("check"), "{named:?}");
    for verb in named {
        let finished = program.call(&[verb.as_str(), "--help"]);
        assert_eq!(finished.code, Some(0), "`seatrial {verb}`: {}", finished.stderr);
    }
}

#[test]
fn every_contract_that_a_document_shows_is_one() {
    let mut shown = 0;
    for document in DOCUMENTS {
        let text = text(document);
        let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
        for contract in blocks.filter(|block| block.contains("kind: Contract")) {
            let loaded = load(document, contract, None, jiff::civil::date(2026, 1, 1));
            assert!(loaded.is_ok(), "{document}: {:#?}", loaded.err());
            shown += 1;
        }
    }
    assert!(shown > 0, "no document shows a contract");
}

/// Every text between quotes in the sources, on one line and without backticks.
fn literals() -> String {
    let literal = Regex::new(r#""((?:[^"\\]|\\(?s:.))*)""#).expect("a pattern");
    let continued = Regex::new(r"\\\n\s*").expect("a pattern");
    let files = ["cli", "harness", "contracts", "probes"].map(|name| root().join("crates").join(name).join("src"));
    let files = files.iter().flat_map(|folder| seatrial_harness::cache::files_below(folder).expect("sources"));
    let mut all = String::new();
    for text in files.filter_map(|file| std::fs::read_to_string(file).ok()) {
        for found in literal.captures_iter(&text) {
            all.push_str(&continued.replace_all(&found[1], "").replace(['`', '\\'], "").replace('\n', " "));
            all.push('\n');
        }
    }
    all
}

/// Whether the program can say that, `…` being anything within one text.
fn is_message(heading: &str, literals: &str) -> bool {
    let parts: Vec<String> = heading.replace(['`', '\\'], "").split('…').map(regex::escape).collect();
    Regex::new(&parts.join(".*")).expect("a pattern").is_match(literals)
}

#[test]
fn every_message_of_the_troubleshooting_guide_is_one() {
    let (guide, literals) = (text("docs/troubleshooting.md"), literals());
    let headings: Vec<&str> = guide.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let unknown: Vec<_> = headings.iter().filter(|heading| !is_message(heading, &literals)).collect();
    assert!(headings.len() > 15, "{headings:?}");
    assert!(unknown.is_empty(), "nothing says this any more: {unknown:#?}");
}

#[test]
fn a_message_that_nothing_says_is_found_out() {
    let literals = literals();
    assert!(is_message("`… is missing: run ./just setup (or seatrial setup)`", &literals));
    assert!(!is_message("`… is missing: run ./just mend`", &literals));
    assert!(!is_message("`is missing: …; free it, or publish another port`", &literals), "of two texts");
}

/// The rows of the table of versions: program, pinned, oldest, the file that pins it.
fn versions(document: &str) -> Vec<[String; 4]> {
    let lines = document.lines().filter(|line| line.starts_with("| ") && line.matches('|').count() == 6);
    let cells = lines.map(|line| line.split('|').skip(1).take(4).map(|cell| cell.trim().replace('`', "")));
    cells.filter_map(|cells| cells.collect::<Vec<_>>().try_into().ok()).skip(1).collect()
}

/// What a row says that the repository does not.
fn wrong_version([program, pinned, oldest, file]: &[String; 4], sources: &str) -> Option<String> {
    let pins = std::fs::read_to_string(root().join(file)).unwrap_or_default();
    let words: Vec<&str> = pins.split(|c: char| c.is_whitespace() || "\"'=".contains(c)).collect();
    if !words.contains(&pinned.as_str()) {
        return Some(format!("{program}: {file} does not pin {pinned}"));
    }
    let of_code = format!("Version({})", oldest.replace('.', ", "));
    let is_known = oldest == "-" || sources.contains(&of_code) || sources.contains(oldest);
    (!is_known).then(|| format!("{program}: nothing asks for {oldest}"))
}

fn sources_of_versions() -> String {
    let files = [
        "crates/harness/src/tools/find.rs",
        "crates/harness/src/setup/steps.rs",
        "just",
        "charts/pallet-registry/Chart.yaml",
    ];
    files.map(text).concat()
}

#[test]
fn the_documented_versions_are_the_pinned_ones() {
    let (rows, sources) = (versions(&text("docs/versions.md")), sources_of_versions());
    assert!(rows.len() > 10, "{rows:?}");
    let wrong: Vec<String> = rows.iter().filter_map(|row| wrong_version(row, &sources)).collect();
    assert!(wrong.is_empty(), "docs/versions.md: {wrong:#?}");
}

#[test]
fn a_version_that_is_not_pinned_is_found_out() {
    let row = |pinned: &str, oldest: &str| ["kind", pinned, oldest, "tools/kind/go.mod"].map(str::to_owned);
    let sources = sources_of_versions();
    assert_eq!(wrong_version(&row("v0.33.0", "0.31.0"), &sources), None);
    assert!(wrong_version(&row("v0.33.1", "0.31.0"), &sources).is_some_and(|why| why.contains("v0.33.1")));
    assert!(wrong_version(&row("v0.33.0", "0.29.0"), &sources).is_some_and(|why| why.contains("0.29.0")));
}
