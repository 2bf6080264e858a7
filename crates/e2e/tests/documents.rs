//! Documents that run: what the README and CONTRIBUTING tell a newcomer to type exists, and the contracts that they
//! show are contracts.

use e2e::program::{Program, root};
use seatrial_contracts::load::load;
use std::collections::BTreeSet;

const DOCUMENTS: [&str; 3] = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"];

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
