//! Every word has an example, and every example runs: it loads, and binds and plans against a small chart; what is
//! judged on the files holds there.

use super::*;
use crate::fixture::{RENDER, planned};
use crate::judge::{judge_static, needs_observation};
use crate::load::{load, pack, repository};
use crate::model::{Packs, VerdictKind, What};

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 21);

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n") + "\n"
}

/// The contract that an example stands in.
fn contract_of(example: &Example) -> String {
    let body = indented(example.text);
    let head = "apiVersion: seatrial.dev/v1\nkind: Contract\nchart: .\nenvironments: { dev: {}, prod: {} }\n";
    match example.section {
        "needs" => format!("{head}needs:\n{body}"),
        _ => format!("{head}needs: {{ db: {{ configmap: {{ url: x }} }} }}\nclauses:\n{body}"),
    }
}

#[test]
fn every_word_has_an_example() {
    let all = examples();
    let has = |section: &str, word: &str| all.iter().any(|one| (one.section, one.word) == (section, word));
    let words = CHECKS.iter().map(|check| ("checks", check.key.to_owned()));
    let words = words.chain(circumstances().into_iter().map(|(key, _)| ("circumstances", key)));
    let words = words.chain(events().into_iter().map(|(key, _)| ("events", key)));
    let words = words.chain(needs().into_iter().map(|(key, _)| ("needs", key)));
    let grammar = GRAMMAR.iter().map(|(section, ..)| *section);
    let bare: Vec<&str> = grammar.filter(|section| all.iter().all(|one| one.section != *section)).collect();
    assert!(bare.is_empty(), "no example of {bare:?}");
    let missing: Vec<_> = words.filter(|(section, word)| !has(section, word)).collect();
    assert!(missing.is_empty(), "no example of {missing:?} in language/examples.yaml");
}

#[test]
fn every_word_says_what_it_is() {
    let all = circumstances().into_iter().chain(events()).chain(needs());
    let silent: Vec<String> = all.filter(|(_, about)| about.is_empty()).map(|(key, _)| key).collect();
    assert!(silent.is_empty(), "without a description: {silent:?}");
}

#[test]
fn every_example_is_planned_and_those_on_the_files_hold() {
    let mut judged = 0;
    for example in examples().into_iter().filter(|example| example.section != "files") {
        let name = format!("{} {}", example.section, example.word);
        let plan =
            planned(&Ok(RENDER.to_owned()), &contract_of(&example)).unwrap_or_else(|told| panic!("{name}: {told}"));
        let environment = &plan.environments[0];
        for slot in
            environment.slots.iter().filter(|slot| matches!(slot.what, What::Clause(_)) && !needs_observation(slot))
        {
            let verdict = judge_static(&plan, environment, slot);
            assert_eq!(verdict.kind, VerdictKind::Pass, "{name}: {:?}", verdict.cause);
            judged += 1;
        }
    }
    assert!(judged >= 3, "{judged} examples were judged");
}

#[test]
fn the_examples_of_whole_files_load() {
    let text = |word: &str| {
        let all = examples();
        all.into_iter().find(|one| (one.section, one.word) == ("files", word)).map_or("", |one| one.text)
    };
    let house = pack("house", "house.yaml", text("pack")).expect("a pack");
    let packs = Packs::from([("house".to_owned(), house)]);
    repository("seatrial.yaml", text("repository"), &packs).expect("a repository");
    load("contract.yaml", text("contract"), None, TODAY).expect("a contract");
}
