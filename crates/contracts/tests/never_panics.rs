//! What reads the input of others never panics: the same functions that `just fuzz` calls, on mutated sound input, in
//! some seconds.

#[path = "../../../fuzz/targets/reading.rs"]
mod reading;

use proptest::prelude::*;

const CONTRACTS: [&str; 2] =
    [include_str!("../src/fixture/contract.yaml"), include_str!("../../../charts/pallet-registry/contract.yaml")];
const RENDER: &str = include_str!("../src/fixture/render.yaml");

/// Pieces that YAML and the language are made of, and some that they are not.
const PIECES: [&str; 40] = [
    ":",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!x ",
    "|",
    ">-",
    "\"",
    "'",
    "---\n",
    "#",
    "null",
    "-1",
    "1e400",
    "18446744073709551616",
    "5s",
    "< 1GB",
    "~ (",
    "$(values.x)",
    "$(",
    "each.x",
    "svc/",
    "/",
    "*/*",
    "within",
    "throughout",
    "é\u{301}",
    "\u{0}",
    "\u{feff}",
    "\t",
    "%",
];

#[derive(Clone, Debug)]
enum Edit {
    Insert(&'static str),
    Remove(usize),
    Repeat(usize),
    Move(prop::sample::Index, usize),
}

fn edit() -> impl Strategy<Value = (prop::sample::Index, Edit)> {
    let kind = prop_oneof![
        3 => prop::sample::select(&PIECES[..]).prop_map(Edit::Insert),
        2 => (1_usize..40).prop_map(Edit::Remove),
        1 => (1_usize..200).prop_map(Edit::Repeat),
        1 => (any::<prop::sample::Index>(), 1_usize..80).prop_map(|(from, length)| Edit::Move(from, length)),
    ];
    (any::<prop::sample::Index>(), kind)
}

/// The text after some edits.
fn mutated(text: &str, edits: &[(prop::sample::Index, Edit)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (at, edit) in edits {
        let at = at.index(chars.len() + 1);
        let part = |from: usize, length: usize, chars: &[char]| -> Vec<char> {
            chars.iter().skip(from).take(length).copied().collect()
        };
        match edit {
            Edit::Insert(piece) => drop(chars.splice(at..at, piece.chars())),
            Edit::Remove(length) => drop(chars.drain(at..(at + length).min(chars.len()))),
            Edit::Repeat(length) => {
                let again = part(at, *length, &chars);
                drop(chars.splice(at..at, again));
            }
            Edit::Move(from, length) => {
                let moved = part(from.index(chars.len() + 1), *length, &chars);
                drop(chars.splice(at..at, moved));
            }
        }
    }
    chars.into_iter().collect()
}

/// The seeds go all the way through, else what is done to them shows little.
#[test]
fn sound_input_is_read_to_its_end() {
    assert!(reading::contract(CONTRACTS[0]).is_some_and(|slots| slots > 20));
    assert_eq!(reading::manifests(RENDER), Some(0), "the render is sound");
    assert_eq!(reading::manifests("kind: Pod\n"), Some(1), "and this is not");
    for seed in 0..8 {
        assert!(reading::evaluation(&[seed]).is_some_and(|verdicts| verdicts > 20), "seed {seed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn contracts_never_panic(seed in 0_usize..2, edits in prop::collection::vec(edit(), 1..6)) {
        let _ = reading::contract(&mutated(CONTRACTS[seed], &edits));
    }

    #[test]
    fn manifests_never_panic(edits in prop::collection::vec(edit(), 1..6)) {
        let _ = reading::manifests(&mutated(RENDER, &edits));
    }

    #[test]
    fn evaluation_never_panics(seed in 0_u8..8, edits in prop::collection::vec(any::<u8>(), 0..24)) {
        let _ = reading::evaluation(&[&[seed], &edits[..]].concat());
    }
}
