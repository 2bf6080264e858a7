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

/// The texts that `just fuzz` begins with.
#[expect(clippy::disallowed_methods, reason = "the readers read no file, but who replays the seeds does")]
fn seeds(of: &str) -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(of);
    let files = std::fs::read_dir(folder).expect("the seeds").map(|entry| entry.expect("a file").path());
    let mut seeds: Vec<_> =
        files.map(|path| (path.display().to_string(), std::fs::read(&path).expect("a seed"))).collect();
    seeds.sort();
    seeds
}

#[test]
fn every_seed_is_read() {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a text");
    // Most of the first are about other charts, or no contracts at all: nothing comes of them.
    let contracts = seeds("contracts").iter().filter(|(_, bytes)| reading::contract(&text(bytes)).is_some()).count();
    assert!(contracts >= 1, "no contract is planned");
    for (name, bytes) in seeds("manifests") {
        assert!(reading::manifests(&text(&bytes)).is_some(), "{name}");
    }
    let evaluation = seeds("evaluation");
    assert!(evaluation.len() >= 8, "{}", evaluation.len());
    for (name, bytes) in evaluation {
        assert!(reading::evaluation(&bytes).is_some_and(|verdicts| verdicts > 20), "{name}");
    }
}

/// What doubles lists of lists forty times is stopped before it fills the memory.
#[test]
fn edits_stay_small() {
    for seed in 0..8_u8 {
        let doubled: Vec<u8> = (0..200_u8).flat_map(|at| [0, at % 40, 1]).collect();
        let _ = reading::evaluation(&[&[seed], &doubled[..]].concat());
    }
}

/// Numbers as large as they can be written, forty at a time: sums of them are no panic.
#[test]
fn numbers_may_be_as_large_as_they_can() {
    for (seed, first) in (0..8_u8).flat_map(|seed| (0..200_u8).step_by(25).map(move |first| (seed, first))) {
        let large: Vec<u8> = (first..first + 40).flat_map(|at| [0, at, 2]).collect();
        let _ = reading::evaluation(&[&[seed], &large[..]].concat());
    }
    let workload = |name: &str| {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: {name} }}\nspec: {{ replicas: 18446744073709551615, selector: \
             {{ matchLabels: {{ a: b }} }}, template: {{ metadata: {{ labels: {{ a: b }} }}, spec: {{ containers: [{{ name: a, image: a:1 }}] }} }} }}\n"
        )
    };
    let budget = "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: c }\nspec: { minAvailable: 18446744073709551615, \
                  selector: { matchLabels: { a: b } } }\n";
    assert!(reading::manifests(&format!("{}{}{budget}", workload("a"), workload("b"))).is_some());
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
